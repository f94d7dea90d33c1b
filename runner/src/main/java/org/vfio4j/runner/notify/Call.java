// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.ffm.LinuxSeccomp;
import org.vfio4j.uapi.Errno;

/**
 * One system call of the program that waits for its answer (kernel: {@code struct seccomp_notif}), with buffers for whoever
 * handles it. A receiver's thread uses one object again and again.
 */
public final class Call {
    /** Size of {@link #path()}: {@code PATH_MAX}. */
    public static final int PATH_MAX = 4096;

    /** Size of {@link #bounce()}: what fits is one access to a file. */
    public static final int BOUNCE_SIZE = 64 << 10;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ThreadLocal<Call> CURRENT = new ThreadLocal<>();

    private final int listener;
    private final MemorySegment notification;
    private final MemorySegment response;
    private final MemorySegment addFd;
    private final MemorySegment path;
    private final MemorySegment link;
    private final MemorySegment bounce;
    private boolean answered;

    Call(int listener, Arena arena) {
        this.listener = listener;
        notification = arena.allocate(LinuxSeccomp.NOTIFICATION_SIZE, Long.BYTES);
        response = arena.allocate(LinuxSeccomp.RESPONSE_SIZE, Long.BYTES);
        addFd = arena.allocate(LinuxSeccomp.ADDFD_SIZE, Long.BYTES);
        path = arena.allocate(PATH_MAX);
        link = arena.allocate(PATH_MAX);
        bounce = arena.allocate(BOUNCE_SIZE, Long.BYTES);
    }

    /** Waits for the next one; 0 or a negated errno. */
    int receive() {
        notification.fill((byte) 0);
        int result = LinuxSeccomp.receive(listener, notification);
        if (result == 0) {
            answered = false;
            response.set(LONG, 0, id());
            answer(0);
        }
        return result;
    }

    /** Sends the answer unless it was sent already. */
    void send() {
        if (!answered) {
            LinuxSeccomp.send(listener, response);
        }
    }

    /** Makes this the call that the calling thread handles. */
    void makeCurrent() {
        CURRENT.set(this);
    }

    /**
     * The call that the calling thread handles.
     *
     * @throws IllegalStateException outside of one
     */
    public static Call current() {
        Call current = CURRENT.get();
        if (current == null) {
            throw new IllegalStateException("this thread handles no call of a program");
        }
        return current;
    }

    /** Whether the calling thread handles a call. */
    public static boolean isHandling() {
        return CURRENT.get() != null;
    }

    private long id() {
        return notification.get(LONG, 0);
    }

    /** The calling thread's number. */
    public int tid() {
        return notification.get(INT, 8);
    }

    /** The system call's number. */
    public int number() {
        return notification.get(INT, 16);
    }

    /** An argument, 0 to 5. */
    public long argument(int index) {
        return notification.get(LONG, 32 + 8L * index);
    }

    /** The low half of an argument. */
    public int intArgument(int index) {
        return (int) argument(index);
    }

    /** Answers with a value. */
    public void answer(long value) {
        respond(value, 0, 0);
    }

    /** Answers -1 with an errno. */
    public void refuse(Errno errno) {
        respond(0, -errno.number(), 0);
    }

    /** Lets the kernel make the call. */
    public void proceed() {
        respond(0, 0, LinuxSeccomp.RESPONSE_CONTINUE);
    }

    private void respond(long value, int error, int flags) {
        response.set(LONG, 8, value);
        response.set(INT, 16, error);
        response.set(INT, 20, flags);
    }

    /** Whether the calling thread still waits, so that its number still means it. */
    public boolean stillWaiting() {
        return LinuxSeccomp.idValid(listener, notification.asSlice(0, Long.BYTES)) == 0;
    }

    /**
     * Opens a file of this process in the calling one.
     *
     * @param ours descriptor here
     * @param number number there, or -1 for the lowest free one
     * @param send whether the call is answered with the number in the same step
     * @return the number, or a negated errno
     */
    public int addFd(int ours, int number, boolean closeOnExec, boolean send) {
        int flags = (number < 0 ? 0 : LinuxSeccomp.ADDFD_SETFD) | (send ? LinuxSeccomp.ADDFD_SEND : 0);
        addFd.set(LONG, 0, id());
        addFd.set(INT, 8, flags);
        addFd.set(INT, 12, ours);
        addFd.set(INT, 16, Math.max(number, 0));
        addFd.set(INT, 20, closeOnExec ? 0x80000 : 0);
        int result = LinuxSeccomp.addFd(listener, addFd);
        answered |= send && result >= 0;
        return result;
    }

    /** Room for a path. */
    public MemorySegment path() {
        return path;
    }

    /** Room for a link's text. */
    public MemorySegment link() {
        return link;
    }

    /** Room for bytes between files and the program. */
    public MemorySegment bounce() {
        return bounce;
    }

    /**
     * Reads a C string of the caller into {@link #path()}.
     *
     * @return its length; a negated errno: EFAULT, ENAMETOOLONG
     */
    public int readString(long address) {
        int done = 0;
        while (done < PATH_MAX) {
            long at = address + done;
            // Not beyond the page, which may be the last one.
            int wanted = (int) Math.min(Math.min(PATH_MAX - done, 256), 4096 - (at & 4095));
            long got = LinuxRemoteMemory.read(tid(), at, path.asSlice(done, wanted));
            if (got <= 0) {
                return -Errno.EFAULT.number();
            }
            for (int i = 0; i < got; i++) {
                if (path.get(ValueLayout.JAVA_BYTE, done + i) == 0) {
                    return done + i;
                }
            }
            done += (int) got;
        }
        return -Errno.ENAMETOOLONG.number();
    }
}
