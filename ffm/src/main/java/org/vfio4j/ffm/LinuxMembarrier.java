// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** {@code membarrier(2)}: memory barriers on behalf of other threads. libc has no function for it. */
public final class LinuxMembarrier {
    /** {@code MEMBARRIER_CMD_GLOBAL}: all threads of the system; takes milliseconds, needs no registration. */
    public static final int GLOBAL = 1;

    /** {@code MEMBARRIER_CMD_PRIVATE_EXPEDITED}: all threads of this process, at once; must be registered. Linux 4.14. */
    public static final int PRIVATE_EXPEDITED = 1 << 3;

    /** {@code MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED}: this process is going to use it. */
    public static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;

    private static final int ENOSYS = 38;
    private static final long NO_NUMBER = -1;
    private static final long NUMBER = number(System.getProperty("os.arch", ""));

    private static final MethodHandle MEMBARRIER = SystemCall.bind(
            "syscall", FunctionDescriptor.of(LONG, LONG, INT, INT, INT), Linker.Option.firstVariadicArg(1));

    private LinuxMembarrier() {}

    /**
     * {@code membarrier(2)} without flags.
     *
     * @param command one of the constants here
     * @return 0, or the errno, negated: ENOSYS when the kernel has no such call or its number is not known here, EINVAL for a
     *     command it does not know, EPERM before registration
     */
    public static int membarrier(int command) {
        if (NUMBER == NO_NUMBER) {
            return -ENOSYS;
        }
        try {
            return (int) result((long) MEMBARRIER.invokeExact(captured(), NUMBER, command, 0, 0));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** The call's number: x86-64 has a table of its own, later architectures share one. */
    private static long number(String architecture) {
        return switch (architecture) {
            case "amd64", "x86_64" -> 324;
            case "aarch64", "riscv64", "loongarch64" -> 283;
            default -> NO_NUMBER;
        };
    }
}
