// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import java.lang.foreign.MemorySegment;
import org.vfio4j.ProcessOptions;
import org.vfio4j.uapi.Errno;

/**
 * The system calls of one program. A refused call returns minus its errno, as the kernel's own entry points do. Nothing here
 * says who answers.
 */
interface UapiSystem extends AutoCloseable {
    /** {@code PROT_NONE}. */
    int NO_ACCESS = 0;
    /** {@code PROT_READ}. */
    int READ_ONLY = 1;
    /** {@code PROT_READ | PROT_WRITE}. */
    int READ_WRITE = 3;

    /** {@code open(2)} for reading and writing; a descriptor. */
    long open(String path);

    /** {@code open(2)} for reading only. */
    long openReadOnly(String path);

    /** Opens a file for writing only, writes a text in one call and closes it; 0 or minus an errno. */
    long writeFile(String path, String content);

    /** {@code readlink(2)}; empty when it is no link. */
    String readLink(String path);

    /** Names in a folder, sorted, a line each, without {@code .} and {@code ..}. */
    String list(String path);

    /** {@code ioctl(2)} with a pointer or a plain value. */
    long ioctl(long fd, int command, long argument);

    /** {@code ioctl(2)} with a pointer to memory of the program. */
    default long ioctl(long fd, int command, MemorySegment argument) {
        return ioctl(fd, command, argument.address());
    }

    /** {@code read(2)}. */
    long read(long fd, MemorySegment target);

    /** {@code write(2)}. */
    long write(long fd, MemorySegment source);

    /** {@code pread(2)}. */
    long pread(long fd, MemorySegment target, long position);

    /** {@code pwrite(2)}. */
    long pwrite(long fd, MemorySegment source, long position);

    /** {@code mmap(2)}, shared, for reading and writing; the address. */
    default long mmap(long fd, long offset, long length) {
        return mmap(fd, offset, length, READ_WRITE);
    }

    /** {@code mmap(2)}, shared; the address. */
    long mmap(long fd, long offset, long length, int protection);

    /** Bytes the program sees at an address of a mapping. */
    byte[] peek(long address, int length);

    /** {@code munmap(2)} of a whole mapping. */
    long munmap(long address);

    /** {@code poll(2)} for reading and writing without waiting; the events. */
    long poll(long fd);

    /** {@code close(2)}. */
    long close(long fd);

    /** What {@code /proc/self/fdinfo} adds for a descriptor. */
    String fdinfo(long fd);

    /** {@code dup(2)}. */
    long dup(long fd);

    /** {@code eventfd(2)}. */
    long eventfd();

    /** {@code memfd_create(2)} and {@code ftruncate(2)}: a file of zeros in memory. */
    long memoryFile(long size);

    /** {@code ftruncate(2)} of a memory file, to at most its first size. */
    long truncate(long fd, long size);

    /** The file behind a descriptor opened again, for reading only; ENOSYS where files have no such second opening. */
    long readOnly(long fd);

    /** Zeroed memory at page boundaries. */
    MemorySegment memory(long size);

    /** {@code munmap(2)} of memory. */
    void free(MemorySegment memory);

    /** {@code mprotect(2)} of memory to read only. */
    default void protect(MemorySegment memory) {
        protect(memory, READ_ONLY);
    }

    /** {@code mprotect(2)} of memory. */
    void protect(MemorySegment memory, int protection);

    /** {@code setuid(2)}, {@code capset(2)}, {@code setrlimit(2)}: what the program may do from now on. */
    void become(ProcessOptions options);

    /** Ends the program. */
    @Override
    void close();

    /** What a refused call returns. */
    static long refusal(Errno errno) {
        return -errno.number();
    }
}
