// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A file of bytes that remembers what was asked of it. */
final class RecordingFile implements UapiFile {
    static final int FAIL = 99;

    final MemorySegment bytes;
    final List<Long> positions = new ArrayList<>();
    final AtomicInteger closes = new AtomicInteger();
    final AtomicInteger unmaps = new AtomicInteger();
    boolean positional = true;
    Runnable duringIoctl = () -> {};

    RecordingFile(long size) {
        bytes = Arena.ofAuto().allocate(size);
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        duringIoctl.run();
        if (command == FAIL) {
            throw new VfioException(Errno.ENOTTY, "no such call");
        }
        return caller.uid() + argument;
    }

    @Override
    public long read(long position, MemorySegment target) {
        return move(position, target, false);
    }

    @Override
    public long write(long position, MemorySegment source) {
        return move(position, source, true);
    }

    /** Like a region: a position at or after the end is EINVAL, a count beyond it is cut. */
    private long move(long position, MemorySegment buffer, boolean write) {
        positions.add(position);
        if (position >= bytes.byteSize()) {
            throw new VfioException(Errno.EINVAL, "beyond the end");
        }
        long count = Math.min(buffer.byteSize(), bytes.byteSize() - position);
        if (write) {
            MemorySegment.copy(buffer, 0, bytes, position, count);
        } else {
            MemorySegment.copy(bytes, position, buffer, 0, count);
        }
        return count;
    }

    @Override
    public boolean positional() {
        return positional;
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        MemorySegment segment = bytes.asSlice(offset, length);
        return new UapiMapping() {
            @Override
            public MemorySegment segment() {
                return segment;
            }

            @Override
            public void close() {
                unmaps.incrementAndGet();
            }
        };
    }

    @Override
    public int poll() {
        return POLL_OUT;
    }

    @Override
    public void close() {
        closes.incrementAndGet();
    }
}
