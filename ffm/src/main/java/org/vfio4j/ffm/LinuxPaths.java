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
 * Files by path. Paths are C strings in native memory, so that whoever opens often need not build them each time. Each method is
 * the system call of its name and answers zero or a positive result, or the negated errno.
 */
public final class LinuxPaths {
    /** {@code AT_FDCWD}: relative paths start at the working directory. */
    public static final int AT_FDCWD = -100;

    /** {@code O_RDONLY}. */
    public static final int O_RDONLY = 0;

    /** {@code O_WRONLY}. */
    public static final int O_WRONLY = 1;

    /** {@code O_RDWR}. */
    public static final int O_RDWR = 2;

    /** {@code O_CREAT}: makes the file if there is none. */
    public static final int O_CREAT = 0x40;

    /** {@code O_EXCL}: refuses a file that is there. */
    public static final int O_EXCL = 0x80;

    /** {@code O_NONBLOCK}. */
    public static final int O_NONBLOCK = 0x800;

    /** {@code O_DIRECTORY} (x86-64): refuses what is no directory. */
    public static final int O_DIRECTORY = 0x10000;

    /** {@code O_PATH}: a descriptor that only tells which file it is; nothing is opened. */
    public static final int O_PATH = 0x200000;

    /** {@code O_CLOEXEC}. */
    public static final int O_CLOEXEC = 0x80000;

    private static final long SYS_OPENAT2 = 437;
    private static final long RESOLVE_NO_SYMLINKS = 4;
    private static final int OPEN_HOW_SIZE = 24;
    private static final int OPEN_HOW_RESOLVE = 16;
    private static final int ENOENT = 2;
    private static final int ENOTDIR = 20;

    private static final MethodHandle OPENAT2 = SystemCall.bindNumbered(4);
    private static final MethodHandle OPENAT = SystemCall.bind(
            "openat", FunctionDescriptor.of(INT, INT, POINTER, INT, INT), Linker.Option.firstVariadicArg(3));
    private static final MethodHandle MKFIFO = SystemCall.bind("mkfifo", FunctionDescriptor.of(INT, POINTER, INT));
    private static final MethodHandle READLINKAT =
            SystemCall.bind("readlinkat", FunctionDescriptor.of(LONG, INT, POINTER, POINTER, LONG));

    private LinuxPaths() {}

    /**
     * Opens a file.
     *
     * @param mode permission bits of a file that is made
     * @return the descriptor, or a negated errno
     */
    public static int openat(int directory, MemorySegment path, int flags, int mode) {
        try {
            return (int) result((int) OPENAT.invokeExact(captured(), directory, path, flags, mode));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Opens an absolute path given as a string; see {@link #openat}. */
    public static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return openat(AT_FDCWD, arena.allocateFrom(path), flags, mode);
        }
    }

    /**
     * {@code mkfifo(3)}.
     *
     * @return 0 or a negated errno
     */
    public static int makeFifo(String path, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) result((int) MKFIFO.invokeExact(captured(), arena.allocateFrom(path), mode));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Reads a symbolic link's text.
     *
     * @param target receives the text, without a zero byte, cut to its size
     * @return bytes written, or a negated errno
     */
    public static long readlinkat(int directory, MemorySegment path, MemorySegment target) {
        try {
            return result((long) READLINKAT.invokeExact(captured(), directory, path, target, target.byteSize()));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Whether the way to where an absolute path leads, or to where it ends in nothing, goes over a symbolic link ({@code openat2(2)} with
     * {@code RESOLVE_NO_SYMLINKS}). One system call, however long the path is; true for what cannot be looked at.
     */
    public static boolean leadsOverLinks(MemorySegment path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment how = arena.allocate(OPEN_HOW_SIZE, Long.BYTES);
            how.set(LONG, 0, O_PATH | O_CLOEXEC);
            how.set(LONG, OPEN_HOW_RESOLVE, RESOLVE_NO_SYMLINKS);
            long fd = result((long) OPENAT2.invokeExact(
                    captured(), SYS_OPENAT2, (long) AT_FDCWD, path.address(), how.address(), (long) OPEN_HOW_SIZE));
            if (fd >= 0) {
                LinuxFiles.close((int) fd);
                return false;
            }
            return fd != -ENOENT && fd != -ENOTDIR;
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
