// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** Signals to processes. */
public final class LinuxSignals {
    private static final MethodHandle KILL = SystemCall.bind("kill", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle ISATTY = SystemCall.bind("isatty", FunctionDescriptor.of(INT, INT));

    private LinuxSignals() {}

    /** {@code kill(2)}: 0 or a negated errno. */
    public static int kill(int pid, int signal) {
        try {
            return (int) result((int) KILL.invokeExact(captured(), pid, signal));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Whether a descriptor is a terminal, whose keys send signals to the whole foreground process group. */
    public static boolean isTerminal(int fd) {
        try {
            return (int) ISATTY.invokeExact(captured(), fd) == 1;
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
