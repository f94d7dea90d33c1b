// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.wrong.b;

import org.vfio4j.core.wrong.a.CycleA;

/** Wrong on purpose: half of a cycle between packages. */
public class CycleB {
    /** The other half. */
    public CycleA other() {
        return new CycleA();
    }
}
