// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.process.BouncePool.Bounce;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Reads and writes of a caller (kernel: {@code vfs_read}, {@code vfs_write}): moves bytes between files and user memory,
 * at most {@value Bounce#SIZE} at a time.
 *
 * <p>Memory that is not there is EFAULT, also after some parts were moved; what the file did for them stays done, as with
 * the kernel's VFIO drivers. When the file refuses a later part, the call returns what was moved before.
 */
final class FileTransfer {
    /** Most bytes one call moves (kernel: {@code MAX_RW_COUNT} with pages of 4096 bytes). */
    static final long MAX_COUNT = 0x7ffff000L;

    private final AddressSpace memory;
    private final BouncePool bounces = new BouncePool();

    FileTransfer(AddressSpace memory) {
        this.memory = memory;
    }

    /**
     * Reads from a file into user memory.
     *
     * @return bytes read
     */
    long read(OpenFile open, long address, long count, long position) {
        if (!open.readable()) {
            throw new VfioException(Errno.EBADF, "read of a file opened for writing only");
        }
        return move(open.file(), address, count, position, false);
    }

    /**
     * Writes to a file from user memory.
     *
     * @return bytes written
     */
    long write(OpenFile open, long address, long count, long position) {
        if (!open.writable()) {
            throw new VfioException(Errno.EBADF, "write of a file opened for reading only");
        }
        return move(open.file(), address, count, position, true);
    }

    private long move(UapiFile file, long address, long count, long position, boolean write) {
        requireRange(address, count, position);
        long wanted = Math.min(count, MAX_COUNT);
        Bounce bounce = bounces.take();
        try {
            long done = 0;
            // At least once: a file has its own answer to a count of 0.
            do {
                int part = (int) Math.min(wanted - done, Bounce.SIZE);
                MemorySegment buffer = bounce.first(part);
                long moved;
                if (write) {
                    memory.read(address + done, buffer, 0, part);
                    moved = file(file, position + done, buffer, true, done);
                } else {
                    moved = file(file, position + done, buffer, false, done);
                    memory.write(address + done, buffer, 0, moved);
                }
                done += moved;
                if (moved < part) {
                    break;
                }
            } while (done < wanted);
            return done;
        } finally {
            bounces.giveBack(bounce);
        }
    }

    private static long file(UapiFile file, long position, MemorySegment buffer, boolean write, long done) {
        try {
            return write ? file.write(position, buffer) : file.read(position, buffer);
        } catch (VfioException refused) {
            if (done == 0) {
                throw refused;
            }
            return 0;
        }
    }

    private void requireRange(long address, long count, long position) {
        if (!memory.isUserRange(address, count)) {
            throw new VfioException(
                    Errno.EFAULT, count + " bytes at 0x" + Long.toHexString(address) + " are no user memory");
        }
        if (position > Long.MAX_VALUE - count) {
            throw new VfioException(
                    Errno.EINVAL, count + " bytes at position " + position + " end beyond the largest position");
        }
    }
}
