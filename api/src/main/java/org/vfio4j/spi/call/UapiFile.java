// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import java.lang.foreign.MemorySegment;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An open file description with the kernel's entry points (kernel: {@code struct file_operations}). A refusal is a
 * {@link VfioException}; the door turns it into -1 and errno. All methods but {@link #close} may be called by several
 * threads at once. Spec: core §2.1.
 */
public interface UapiFile {
    /** {@code POLLIN}. */
    int POLL_IN = 1;
    /** {@code POLLOUT}. */
    int POLL_OUT = 4;

    /**
     * Performs a device-control call.
     *
     * @param caller who calls: pointers and descriptors in the argument are theirs
     * @param command the ioctl number, all 32 bits
     * @param argument the third argument: a value or a pointer in the caller's memory
     * @return the call's non-negative result
     */
    long ioctl(Caller caller, int command, long argument);

    /**
     * Reads at a position.
     *
     * @param position byte offset; plain reads pass the file position
     * @param target receives the bytes; its size is the count asked for
     * @return bytes read
     */
    default long read(long position, MemorySegment target) {
        throw new VfioException(Errno.EINVAL, "this file cannot be read");
    }

    /** Writes at a position; see {@link #read}. */
    default long write(long position, MemorySegment source) {
        throw new VfioException(Errno.EINVAL, "this file cannot be written");
    }

    /** Whether the file has a position; if not, positional calls answer ESPIPE. */
    default boolean positional() {
        return true;
    }

    /**
     * Maps part of the file.
     *
     * @param offset file offset in bytes
     * @param length bytes
     * @param protection {@code PROT_READ} 1, {@code PROT_WRITE} 2, {@code PROT_EXEC} 4
     * @param shared {@code MAP_SHARED}
     */
    default UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        throw new VfioException(Errno.ENODEV, "this file cannot be mapped");
    }

    /** Events that are ready: a mask of {@link #POLL_IN} and {@link #POLL_OUT}. */
    default int poll() {
        return POLL_IN | POLL_OUT;
    }

    /** What {@code /proc/PID/fdinfo} adds for this file: whole lines or nothing. */
    default String fdinfo() {
        return "";
    }

    /** The file's release: called once, when its last descriptor and mapping are gone. Must not throw. */
    void close();
}
