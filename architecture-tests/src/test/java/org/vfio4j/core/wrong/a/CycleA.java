// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.wrong.a;

import org.vfio4j.core.wrong.b.CycleB;

/** Wrong on purpose: half of a cycle between packages. */
public class CycleA {
    /** The other half. */
    public CycleB other() {
        return new CycleB();
    }
}
