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
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Which file is behind a descriptor, and of what kind ({@code statx(2)}, {@code fstatfs(2)}). */
public final class LinuxStat {
    /** {@code S_IFREG}, after {@link #FORMAT} was applied to a mode: an ordinary file. */
    public static final int REGULAR = 0100000;

    /** {@code S_IFMT}: the part of a mode that tells the kind of file. */
    public static final int FORMAT = 0170000;

    /** {@code TMPFS_MAGIC}: files of shared memory, {@code memfd_create} and {@code /dev/shm} among them. */
    public static final long TMPFS = 0x01021994L;

    /** {@code HUGETLBFS_MAGIC}: files of huge pages. */
    public static final long HUGETLBFS = 0x958458f6L;

    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int STATX_SIZE = 256;
    private static final int STATX_MODE = 28;
    private static final int STATX_INODE = 32;
    private static final int STATX_LENGTH = 40;
    private static final int STATX_MAJOR = 136;
    private static final int STATX_MINOR = 140;
    private static final int STATFS_SIZE = 120;
    private static final int STATFS_BLOCK = 8;

    private static final MethodHandle STATX =
            SystemCall.bind("statx", FunctionDescriptor.of(INT, INT, POINTER, INT, INT, POINTER));
    private static final MethodHandle FSTATFS = SystemCall.bind("fstatfs", FunctionDescriptor.of(INT, INT, POINTER));

    private LinuxStat() {}

    /**
     * A file.
     *
     * @param error 0, or the negated errno when nothing could be learned
     * @param major number of its device
     * @param minor number of its device
     * @param inode number on its device
     * @param mode kind and permissions
     * @param size in bytes
     */
    public record Status(int error, int major, int minor, long inode, int mode, long size) {
        /** Whether it is an ordinary file, one that holds bytes. */
        public boolean regular() {
            return error == 0 && (mode & FORMAT) == REGULAR;
        }
    }

    /** What is behind a descriptor, {@code O_PATH} descriptors included. */
    public static Status of(int fd) {
        return of(fd, "", AT_EMPTY_PATH);
    }

    /** What is at a path; links are followed. */
    public static Status of(String path) {
        return of(LinuxPaths.AT_FDCWD, path, 0);
    }

    /** What is at a path, given as a C string; links are followed. */
    public static Status of(MemorySegment path) {
        return of(LinuxPaths.AT_FDCWD, path, 0);
    }

    private static Status of(int directory, String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return of(directory, arena.allocateFrom(path), flags);
        }
    }

    private static Status of(int directory, MemorySegment path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = arena.allocate(STATX_SIZE, Long.BYTES);
            int error =
                    (int) result((int) STATX.invokeExact(captured(), directory, path, flags, STATX_BASIC_STATS, stat));
            return new Status(
                    error,
                    stat.get(INT, STATX_MAJOR),
                    stat.get(INT, STATX_MINOR),
                    stat.get(LONG, STATX_INODE),
                    Short.toUnsignedInt(stat.get(ValueLayout.JAVA_SHORT, STATX_MODE)),
                    stat.get(LONG, STATX_LENGTH));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }

    /**
     * The kind of file system a file is on, and the size of its pages.
     *
     * @param error 0, or the negated errno when nothing could be learned
     * @param type its magic number, for example {@link #TMPFS}
     * @param blockSize in bytes: of {@link #HUGETLBFS} the size of its pages
     */
    public record FileSystem(int error, long type, long blockSize) {}

    /** The file system of the file behind a descriptor. */
    public static FileSystem fileSystem(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = arena.allocate(STATFS_SIZE, Long.BYTES);
            int error = (int) result((int) FSTATFS.invokeExact(captured(), fd, stat));
            return new FileSystem(error, stat.get(LONG, 0), stat.get(LONG, STATFS_BLOCK));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
