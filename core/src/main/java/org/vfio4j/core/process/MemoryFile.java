// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.PageFile;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A file whose bytes are a segment's (kernel: {@code memfd}). Pages that devices have stay theirs when the file is cut short or
 * closed. Thread-safe. Spec: iommufd §5.5.
 */
final class MemoryFile implements PageFile {
    private final PhysicalMemory physical;
    private final SegmentMemory memory;
    private final long phys;

    /** Guards changes of {@link #size}. Innermost. */
    private final ReentrantLock sizeLock = new ReentrantLock();

    private volatile long size;

    /**
     * A file of all of a segment.
     *
     * @throws VfioException EINVAL for a segment devices cannot be given, or that does not start at a page
     */
    MemoryFile(MemorySegment bytes, PhysicalMemory physical) {
        if ((bytes.address() & (physical.pageSize() - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "memoryFile: the segment at 0x" + Long.toHexString(bytes.address()) + " does not start at a page");
        }
        this.physical = physical;
        this.memory = new SegmentMemory(bytes);
        this.size = bytes.byteSize();
        this.phys = physical.insert(memory);
    }

    /**
     * Changes the size.
     *
     * @throws VfioException EINVAL, EFBIG
     */
    void truncate(long wanted) {
        if (wanted < 0) {
            throw new VfioException(Errno.EINVAL, "truncate to " + wanted + " bytes");
        }
        if (wanted > memory.size()) {
            throw new VfioException(
                    Errno.EFBIG, "truncate to " + wanted + " bytes: the segment has " + memory.size() + " only");
        }
        sizeLock.lock();
        try {
            if (wanted > size) {
                clear(size, wanted);
            }
            size = wanted;
        } finally {
            sizeLock.unlock();
        }
    }

    private void clear(long from, long end) {
        try {
            memory.segment().asSlice(from, end - from).fill((byte) 0);
        } catch (IllegalStateException gone) {
            throw new VfioException(Errno.EIO, "truncate: the segment's arena is closed", gone);
        }
    }

    @Override
    public void pin(long offset, long length, boolean write, RunSink sink) {
        long now = size;
        if (offset < 0 || length <= 0 || offset > now - length) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pin of " + length + " bytes at " + offset + " of a file: it has " + now + " bytes only");
        }
        if (write && !memory.writable()) {
            throw new VfioException(Errno.EACCES, "pin for writing: the file's segment is read-only");
        }
        if (!memory.populate(offset, length, physical.pageSize()) || !physical.pin(phys + offset, length)) {
            throw new VfioException(Errno.ENOMEM, "pin refused: the file's segment is gone");
        }
        sink.run(phys + offset, length);
    }

    @Override
    public long read(long position, MemorySegment target) {
        long count = Math.min(target.byteSize(), size - position);
        if (count <= 0) {
            return 0;
        }
        return moved(memory.read(position, target, 0, count), count);
    }

    /** {@inheritDoc} The file grows as long as its segment has room. */
    @Override
    public long write(long position, MemorySegment source) {
        long count = Math.min(source.byteSize(), memory.size() - position);
        if (count <= 0 && source.byteSize() != 0) {
            throw new VfioException(Errno.EFBIG, "write at " + position + ": the segment ends before");
        }
        if (position + count > size) {
            truncate(position + count);
        }
        return moved(memory.write(position, source, 0, count), count);
    }

    private static long moved(boolean done, long count) {
        if (!done) {
            throw new VfioException(Errno.EIO, "the file's segment is gone or read-only");
        }
        return count;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "a memory file has no ioctl 0x" + Integer.toHexString(command));
    }

    /** The memory goes with its last pin. */
    @Override
    public void close() {
        physical.remove(phys);
    }
}
