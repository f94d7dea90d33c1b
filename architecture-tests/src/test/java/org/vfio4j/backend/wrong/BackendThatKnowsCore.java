// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.wrong;

import org.vfio4j.core.wrong.a.CycleA;

/** Wrong on purpose: a backend must not know the core. */
public final class BackendThatKnowsCore {
    private final CycleA core = new CycleA();

    @Override
    public String toString() {
        return core.toString();
    }
}
