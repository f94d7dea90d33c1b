// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** Watching directories ({@code inotify(7)}). */
public final class LinuxInotify {
    /** {@code IN_MODIFY}: a file was written to or cut. */
    public static final int IN_MODIFY = 0x2;

    /** {@code IN_CLOSE_WRITE}: a file opened for writing was released, with its last descriptor and mapping. */
    public static final int IN_CLOSE_WRITE = 0x8;

    /** {@code IN_CLOSE_NOWRITE}: the same of a file opened for reading only. */
    public static final int IN_CLOSE_NOWRITE = 0x10;

    /** {@code IN_Q_OVERFLOW}: events were lost. */
    public static final int IN_Q_OVERFLOW = 0x4000;

    /** {@code IN_NONBLOCK}: a read without events answers {@code EAGAIN}. */
    public static final int IN_NONBLOCK = 0x800;

    /** {@code IN_CLOEXEC}. */
    public static final int IN_CLOEXEC = 0x80000;

    /** Offset of {@code mask} in {@code struct inotify_event}. */
    public static final int EVENT_MASK = 4;

    /** Offset of {@code len}, the size of the name with its padding of zero bytes. */
    public static final int EVENT_NAME_LENGTH = 12;

    /** Offset of {@code name}, and size of an event without one. */
    public static final int EVENT_NAME = 16;

    private static final MethodHandle INIT = SystemCall.bind("inotify_init1", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle ADD_WATCH =
            SystemCall.bind("inotify_add_watch", FunctionDescriptor.of(INT, INT, POINTER, INT));

    private LinuxInotify() {}

    /**
     * {@code inotify_init1(2)}.
     *
     * @param flags of {@link #IN_NONBLOCK} and {@link #IN_CLOEXEC}
     * @return a descriptor that events are read from, or a negated errno
     */
    public static int init(int flags) {
        try {
            return (int) result((int) INIT.invokeExact(captured(), flags));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** {@code inotify_add_watch(2)}: the watch's number, or a negated errno. */
    public static int addWatch(int inotify, String path, int mask) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) result((int) ADD_WATCH.invokeExact(captured(), inotify, arena.allocateFrom(path), mask));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
