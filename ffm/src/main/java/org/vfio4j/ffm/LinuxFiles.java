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
 * Descriptors without a path: memory files, event counters, and reading, writing and closing them.
 *
 * <p>Each method is the system call of its name (section 2 of the Linux manual) and answers as the kernel does: zero or a
 * positive result, or the negated errno ({@code -9} for {@code EBADF}). Any thread may call; a blocking call holds its carrier
 * thread. Buffers must be native segments.
 */
public final class LinuxFiles {

    /** {@code MFD_CLOEXEC}: the memory file is closed on exec. */
    public static final int MFD_CLOEXEC = 0x1;

    /** {@code MFD_ALLOW_SEALING}: seals can be put on the memory file. */
    public static final int MFD_ALLOW_SEALING = 0x2;

    /** {@code EFD_SEMAPHORE}: a read takes one from the counter instead of all. */
    public static final int EFD_SEMAPHORE = 0x1;

    /** {@code EFD_NONBLOCK}: a read of a zero counter answers {@code EAGAIN} instead of waiting. */
    public static final int EFD_NONBLOCK = 0x800;

    /** {@code EFD_CLOEXEC}: the event counter is closed on exec. */
    public static final int EFD_CLOEXEC = 0x80000;

    private static final int F_SETFL = 4;

    private static final MethodHandle MEMFD_CREATE =
            SystemCall.bind("memfd_create", FunctionDescriptor.of(INT, POINTER, INT));
    private static final MethodHandle EVENTFD = SystemCall.bind("eventfd", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle READ = SystemCall.bind("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle WRITE = SystemCall.bind("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    private static final MethodHandle CLOSE = SystemCall.bind("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FCNTL =
            SystemCall.bind("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle DUP3 = SystemCall.bind("dup3", FunctionDescriptor.of(INT, INT, INT, INT));

    private static final MethodHandle PREAD =
            SystemCall.bind("pread", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
    private static final MethodHandle PWRITE =
            SystemCall.bind("pwrite", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));

    private LinuxFiles() {}

    /**
     * Creates an empty file that lives in memory.
     *
     * @param name what {@code /proc} shows, at most 249 bytes; names need not differ
     * @param flags of {@link #MFD_CLOEXEC} and {@link #MFD_ALLOW_SEALING}
     * @return the descriptor, or a negated errno ({@code EINVAL}, {@code EMFILE}, {@code ENFILE}, {@code ENOMEM})
     */
    public static int memfdCreate(String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) result((int) MEMFD_CREATE.invokeExact(captured(), arena.allocateFrom(name), flags));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Creates an event counter.
     *
     * @param initial the counter's first value, unsigned
     * @param flags of {@link #EFD_SEMAPHORE}, {@link #EFD_NONBLOCK} and {@link #EFD_CLOEXEC}
     * @return the descriptor, or a negated errno ({@code EINVAL}, {@code EMFILE}, {@code ENFILE}, {@code ENOMEM})
     */
    public static int eventfd(int initial, int flags) {
        try {
            return (int) result((int) EVENTFD.invokeExact(captured(), initial, flags));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Reads up to the buffer's size.
     *
     * @return bytes read, 0 at the end of a file, or a negated errno
     */
    public static long read(int fd, MemorySegment buffer) {
        try {
            return result((long) READ.invokeExact(captured(), fd, buffer, buffer.byteSize()));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Writes up to the buffer's size.
     *
     * @return bytes written, which may be fewer than offered, or a negated errno
     */
    public static long write(int fd, MemorySegment buffer) {
        try {
            return result((long) WRITE.invokeExact(captured(), fd, buffer, buffer.byteSize()));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Closes a descriptor. The descriptor is free again even when this answers an error other than {@code EBADF}.
     *
     * @return 0 or a negated errno
     */
    public static int close(int fd) {
        try {
            return (int) result((int) CLOSE.invokeExact(captured(), fd));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * {@code fcntl(2)} with {@code F_SETFL}: reads and writes of an open file answer {@code EAGAIN} instead of waiting.
     *
     * @return 0 or a negated errno
     */
    public static int setNonBlocking(int fd) {
        try {
            return (int) result((int) FCNTL.invokeExact(captured(), fd, F_SETFL, EFD_NONBLOCK));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * {@code dup3(2)}: makes a descriptor mean another's file, closed on exec, in one step; what it meant is closed.
     *
     * @return the descriptor or a negated errno
     */
    public static int replace(int fd, int with) {
        try {
            return (int) result((int) DUP3.invokeExact(captured(), with, fd, EFD_CLOEXEC));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * Reads at a position, without moving the file's own.
     *
     * @param buffer receives up to its size
     * @param position bytes from the file's start; files of processes' memory take any 64-bit number
     * @return bytes read, 0 at the end of a file, or a negated errno
     */
    public static long pread(int fd, MemorySegment buffer, long position) {
        try {
            return result((long) PREAD.invokeExact(captured(), fd, buffer, buffer.byteSize(), position));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /** Writes at a position; see {@link #pread}. */
    public static long pwrite(int fd, MemorySegment buffer, long position) {
        try {
            return result((long) PWRITE.invokeExact(captured(), fd, buffer, buffer.byteSize(), position));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
