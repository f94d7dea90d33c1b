// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** What the kernel says about processes. */
public final class LinuxProcess {

    private static final long SYS_KCMP = 312;
    private static final long KCMP_VM = 1;

    private static final MethodHandle KCMP = SystemCall.bindNumbered(5);
    private static final MethodHandle GETPID = SystemCall.bind("getpid", FunctionDescriptor.of(INT));

    private LinuxProcess() {}

    /**
     * Whether two tasks have the same memory ({@code kcmp(2)} with {@code KCMP_VM}; the number is that of x86-64). Both must be ones
     * this process may trace.
     *
     * @return 0 when they do, 1 or 2 when not, or a negated errno ({@code ESRCH}, {@code EPERM}; {@code ENOSYS}: the kernel cannot
     *     tell)
     */
    public static int compareMemory(int tid, int other) {
        try {
            return (int)
                    result((long) KCMP.invokeExact(captured(), SYS_KCMP, (long) tid, (long) other, KCMP_VM, 0L, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** The process's number in its own pid namespace; cannot fail. */
    public static int getpid() {
        try {
            return (int) GETPID.invokeExact(captured());
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
