// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.invoke.MethodHandle;

/** Other processes, by descriptors that cannot come to mean another process. x86-64 numbers. */
public final class LinuxPidfd {
    private static final long SYS_PIDFD_OPEN = 434;
    private static final long SYS_PIDFD_GETFD = 438;

    private static final MethodHandle OPEN = SystemCall.bindNumbered(2);
    private static final MethodHandle GETFD = SystemCall.bindNumbered(3);

    private LinuxPidfd() {}

    /**
     * {@code pidfd_open(2)}: a descriptor of a process, readable when it has ended.
     *
     * @return the descriptor, closed on exec, or a negated errno ({@code ESRCH}; {@code EINVAL} for a thread)
     */
    public static int open(int pid) {
        try {
            return (int) result((long) OPEN.invokeExact(captured(), SYS_PIDFD_OPEN, (long) pid, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * {@code pidfd_getfd(2)}: this process' own descriptor of a file that another one has open.
     *
     * @return the descriptor, closed on exec, or a negated errno ({@code EBADF}, {@code EPERM}, {@code ESRCH})
     */
    public static int getfd(int pidfd, int fd) {
        try {
            return (int) result((long) GETFD.invokeExact(captured(), SYS_PIDFD_GETFD, (long) pidfd, (long) fd, 0L));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
