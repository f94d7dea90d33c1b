// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;

/**
 * A caller of raw calls in this process, as a native program would make them: paths, descriptors and pointers. Pointers
 * are addresses in memory {@linkplain #allocate allocated} here. Failures are {@link org.vfio4j.uapi.VfioException}.
 * Thread-safe. Closing it closes its descriptors and frees its memory.
 */
public interface UapiProcess extends Caller, AutoCloseable {
    /** {@code O_RDONLY}. */
    int O_RDONLY = 0;
    /** {@code O_WRONLY}. */
    int O_WRONLY = 1;
    /** {@code O_RDWR}. */
    int O_RDWR = 2;

    /**
     * Opens a path of the virtual tree, for example {@code /dev/vfio/vfio}.
     *
     * @return the descriptor
     */
    int open(String path, int flags);

    /** Performs a device-control call; returns its non-negative result. */
    long ioctl(int fd, int command, long argument);

    /** Reads at the file position. */
    long read(int fd, long address, long count);

    /** Writes at the file position. */
    long write(int fd, long address, long count);

    /** Reads at a position. */
    long pread(int fd, long address, long count, long position);

    /** Writes at a position. */
    long pwrite(int fd, long address, long count, long position);

    /**
     * Moves the file position (kernel: {@code lseek}).
     *
     * @param whence {@code SEEK_SET} 0, {@code SEEK_CUR} 1, {@code SEEK_END} 2
     * @return the new position; no file that can be opened here has one to move: ESPIPE
     */
    long lseek(int fd, long offset, int whence);

    /** Maps a file. */
    UapiMapping mmap(int fd, long offset, long length, int protection, boolean shared);

    /** Events that are ready. */
    int poll(int fd);

    /** Makes an event counter. */
    int eventfd(long initial);

    /** Makes another descriptor of the same open file. */
    int dup(int fd);

    /** Closes a descriptor. */
    void close(int fd);

    /** Allocates zeroed memory of this caller, page-aligned. */
    MemorySegment allocate(long size);

    /** Frees memory allocated here; addresses in it are EFAULT afterwards. */
    void free(MemorySegment memory);

    /** Makes memory allocated here read-only or writable for callers and devices pinned later. */
    void protect(MemorySegment memory, boolean writable);

    /**
     * Changes what the caller may do from now on (kernel: {@code setuid}, {@code capset}, {@code setrlimit}). Descriptors
     * open already stay open whatever the new limit.
     */
    void become(ProcessOptions options);

    @Override
    void close();
}
