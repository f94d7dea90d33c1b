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
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Mounts and the namespaces they are in. Namespaces belong to threads: what a thread leaves with {@link #unshare} its children
 * and the threads it starts afterwards leave too, others do not. Each method answers 0 or the negated errno.
 */
public final class LinuxMounts {
    /** {@code CLONE_NEWNS}: mounts of one's own. */
    public static final int CLONE_NEWNS = 0x20000;

    /** {@code MS_NOSUID}. */
    public static final long MS_NOSUID = 0x2;

    /** {@code MS_NODEV}. */
    public static final long MS_NODEV = 0x4;

    /** {@code MS_NOEXEC}. */
    public static final long MS_NOEXEC = 0x8;

    /** {@code MS_BIND}: shows a file or directory at another place. */
    public static final long MS_BIND = 0x1000;

    /** {@code MS_MOVE}: moves a mount. */
    public static final long MS_MOVE = 0x2000;

    /** {@code MS_REC}: with everything mounted below. */
    public static final long MS_REC = 0x4000;

    /** {@code MS_SLAVE}: learns of mounts elsewhere, tells of none. */
    public static final long MS_SLAVE = 0x80000;

    /** {@code MNT_DETACH}: unmounts for all who come later, and wholly when it is no longer used. */
    public static final int MNT_DETACH = 0x2;

    private static final MethodHandle UNSHARE = SystemCall.bind("unshare", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle MOUNT =
            SystemCall.bind("mount", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, LONG, POINTER));
    private static final MethodHandle UMOUNT2 = SystemCall.bind("umount2", FunctionDescriptor.of(INT, POINTER, INT));

    private LinuxMounts() {}

    /**
     * {@code unshare(2)} for the calling thread.
     *
     * @param flags {@link #CLONE_NEWNS}
     * @return 0 or a negated errno ({@code EPERM} without {@code CAP_SYS_ADMIN})
     */
    public static int unshare(int flags) {
        try {
            return (int) result((int) UNSHARE.invokeExact(captured(), flags));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * {@code mount(2)}.
     *
     * @param source what is mounted; empty when the flags need none
     * @param type of the file system; empty when the flags need none
     * @param data its options
     * @return 0 or a negated errno
     */
    public static int mount(String source, String target, String type, long flags, String data) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(source);
            MemorySegment to = arena.allocateFrom(target);
            MemorySegment kind = arena.allocateFrom(type);
            MemorySegment options = arena.allocateFrom(data);
            return (int) result((int) MOUNT.invokeExact(captured(), from, to, kind, flags, options));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** {@code umount2(2)}; see {@link #MNT_DETACH}. */
    public static int unmount(String target, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) result((int) UMOUNT2.invokeExact(captured(), arena.allocateFrom(target), flags));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
