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
    /** {@code PROT_NONE}. */
    int PROT_NONE = 0;
    /** {@code PROT_READ}. */
    int PROT_READ = 1;
    /** {@code PROT_WRITE}. */
    int PROT_WRITE = 2;

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

    /**
     * Maps a file. The mapping is memory of this caller: pointers into it are good for what it is mapped for, and it can be
     * given to devices where device memory can. It is known at the address of the first segment it showed and at that of the
     * latest. While its bytes are revoked both are EFAULT; where other memory of this caller came to lie since, that is meant.
     *
     * @param protection a mask of {@link #PROT_READ} and {@link #PROT_WRITE}
     */
    UapiMapping mmap(int fd, long offset, long length, int protection, boolean shared);

    /** Events that are ready. */
    int poll(int fd);

    /** Makes an event counter. */
    int eventfd(long initial);

    /**
     * Makes a file of memory (kernel: {@code memfd_create}), closed on exec. Its bytes are those of a segment the caller has: what is
     * written to either is in both, so the segment serves as the file's mapping. The file can be read, written and given to
     * {@code IOMMU_IOAS_MAP_FILE}; its size is the segment's until {@link #truncate}.
     *
     * @param memory native and accessible by all threads, for example {@linkplain #allocate allocated} here, or a mapping of a file;
     *     it starts at a page. When its arena is closed accesses fail
     * @return the descriptor
     * @throws org.vfio4j.uapi.VfioException EINVAL for another segment, EMFILE
     */
    int memoryFile(MemorySegment memory);

    /**
     * Changes the size of a memory file (kernel: {@code ftruncate}). Bytes that were cut off read as zero when they come back.
     *
     * @param size bytes, at most those of its segment
     * @throws org.vfio4j.uapi.VfioException EBADF; EINVAL for other files and negative sizes; EFBIG
     */
    void truncate(int fd, long size);

    /** Makes another descriptor of the same open file. */
    int dup(int fd);

    /** Closes a descriptor. */
    void close(int fd);

    /** Allocates zeroed memory of this caller, page-aligned. */
    MemorySegment allocate(long size);

    /** Frees memory allocated here; addresses in it are EFAULT afterwards. */
    void free(MemorySegment memory);

    /**
     * Changes what callers, and devices that memory is pinned for later, may do with memory of this caller (kernel:
     * {@code mprotect}). What is not allowed is EFAULT. The segment itself stays as it is.
     *
     * @param memory memory allocated or mapped here, or a page-aligned slice of it
     * @param protection {@link #PROT_NONE}, or a mask of {@link #PROT_READ} and {@link #PROT_WRITE}
     * @throws org.vfio4j.uapi.VfioException EINVAL for other memory and other bits, EACCES when what is mapped for reading
     *     only shall become writable
     */
    void protect(MemorySegment memory, int protection);

    /**
     * Changes what the caller may do from now on (kernel: {@code setuid}, {@code capset}, {@code setrlimit}). Descriptors
     * open already stay open whatever the new limit.
     */
    void become(ProcessOptions options);

    @Override
    void close();
}
