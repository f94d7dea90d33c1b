// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls of other processes, decided here ({@code seccomp_unotify(2)}): a thread installs a filter, its children inherit
 * it, and whoever has the listener's descriptor receives the calls that the filter wants notified. x86-64 numbers and layouts.
 * Each method answers zero or a positive result, or the negated errno.
 */
public final class LinuxSeccomp {
    /** {@code sizeof(struct seccomp_notif)}. */
    public static final int NOTIFICATION_SIZE = 80;

    /** {@code sizeof(struct seccomp_notif_resp)}. */
    public static final int RESPONSE_SIZE = 24;

    /** {@code sizeof(struct seccomp_notif_addfd)}. */
    public static final int ADDFD_SIZE = 24;

    /** {@code SECCOMP_USER_NOTIF_FLAG_CONTINUE}: the kernel makes the call. */
    public static final int RESPONSE_CONTINUE = 1;

    /** {@code SECCOMP_ADDFD_FLAG_SETFD}: the number is given, not the lowest free one. */
    public static final int ADDFD_SETFD = 1;

    /** {@code SECCOMP_ADDFD_FLAG_SEND}: the call is answered with the number in the same step. */
    public static final int ADDFD_SEND = 2;

    private static final long SYS_SECCOMP = 317;
    private static final long SET_MODE_FILTER = 1;
    private static final long FLAG_SPEC_ALLOW = 1 << 2;
    private static final long FLAG_NEW_LISTENER = 1 << 3;
    private static final long FLAG_WAIT_KILLABLE_RECV = 1 << 5;
    private static final int PR_SET_NO_NEW_PRIVS = 38;

    private static final long IOCTL_RECV = 0xc0502100L;
    private static final long IOCTL_SEND = 0xc0182101L;
    private static final long IOCTL_ID_VALID = 0x40082102L;
    private static final long IOCTL_ADDFD = 0x40182103L;
    private static final long IOCTL_SET_FLAGS = 0x40082104L;
    private static final long FD_SYNC_WAKE_UP = 1;

    private static final MethodHandle SECCOMP = SystemCall.bindNumbered(3);
    private static final MethodHandle PRCTL = SystemCall.bind(
            "prctl", FunctionDescriptor.of(INT, INT, LONG, LONG, LONG, LONG), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle IOCTL =
            SystemCall.bind("ioctl", FunctionDescriptor.of(INT, INT, LONG, POINTER), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL_VALUE =
            SystemCall.bind("ioctl", FunctionDescriptor.of(INT, INT, LONG, LONG), Linker.Option.firstVariadicArg(2));

    private LinuxSeccomp() {}

    /**
     * Puts a filter on the calling thread and what it starts from now on, for ever. Sets {@code no_new_privs} first. A call
     * that has been received is not interrupted by signals that do not kill, where the kernel knows that (5.19). Kernels that
     * take a filter for the sign of a sandbox, and slow its threads down against speculation (before 5.16), are told that this
     * one is none.
     *
     * @return the listener's descriptor, or a negated errno ({@code EBUSY}: there is a listener already)
     */
    public static int installListener(SeccompFilter filter) {
        try (Arena arena = Arena.ofConfined()) {
            long answer = result((int) PRCTL.invokeExact(captured(), PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L));
            if (answer < 0) {
                return (int) answer;
            }
            long program = filter.assemble(arena).address();
            long flags = FLAG_NEW_LISTENER | FLAG_SPEC_ALLOW;
            answer = result((long) SECCOMP.invokeExact(
                    captured(), SYS_SECCOMP, SET_MODE_FILTER, flags | FLAG_WAIT_KILLABLE_RECV, program));
            if (answer == -22) { // a kernel before 5.19
                answer = result((long) SECCOMP.invokeExact(captured(), SYS_SECCOMP, SET_MODE_FILTER, flags, program));
            }
            return (int) answer;
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Makes both sides of a call run on one processor, which is faster where calls are answered at once; Linux 6.6. */
    public static int setSyncWakeUp(int listener) {
        try {
            return (int) result((int) IOCTL_VALUE.invokeExact(captured(), listener, IOCTL_SET_FLAGS, FD_SYNC_WAKE_UP));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Waits for the next call.
     *
     * @param notification {@value #NOTIFICATION_SIZE} zero bytes; receives {@code struct seccomp_notif}
     * @return 0 or a negated errno ({@code ENOENT}: its thread was killed; {@code EINTR})
     */
    public static int receive(int listener, MemorySegment notification) {
        return control(listener, IOCTL_RECV, notification);
    }

    /** Answers a call with {@code struct seccomp_notif_resp}; {@code ENOENT}: its thread was killed. */
    public static int send(int listener, MemorySegment response) {
        return control(listener, IOCTL_SEND, response);
    }

    /** Whether the thread that made a call still waits for its answer: 0 or {@code ENOENT}; the id is 8 bytes. */
    public static int idValid(int listener, MemorySegment id) {
        return control(listener, IOCTL_ID_VALID, id);
    }

    /** Opens a file of this process in the process that made a call; answers the number there. */
    public static int addFd(int listener, MemorySegment addfd) {
        return control(listener, IOCTL_ADDFD, addfd);
    }

    private static int control(int listener, long request, MemorySegment argument) {
        try {
            return (int) result((int) IOCTL.invokeExact(captured(), listener, request, argument));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
