// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import java.lang.foreign.Arena;

/** Makes calls for tests. */
public final class Calls {
    private Calls() {}

    /** A call of a program that is gone: it cannot be given anything any more. */
    public static Call ofAGoneProgram(Arena arena) {
        return new Call(-1, arena);
    }
}
