// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vfio4j.Region;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/** A region of a device the program has open. Scalars go through a scratch segment of the thread, so nothing is allocated. */
final class DeviceRegion implements Region {
    private static final int PROT_READ_WRITE = 3;

    /** Eight bytes of each thread, with a view for each access size. */
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private final OpenDeviceFile file;
    private final Handles handles;
    private final RegionInfo info;

    DeviceRegion(OpenDeviceFile file, Handles handles, RegionInfo info) {
        this.file = file;
        this.handles = handles;
        this.info = info;
    }

    @Override
    public RegionInfo info() {
        return info;
    }

    @Override
    public int readByte(long offset) {
        var scratch = SCRATCH.get();
        readFully(offset, scratch.one);
        return Byte.toUnsignedInt(scratch.one.get(UapiLayouts.U8, 0));
    }

    @Override
    public int readShort(long offset) {
        var scratch = SCRATCH.get();
        readFully(offset, scratch.two);
        return Short.toUnsignedInt(scratch.two.get(UapiLayouts.U16, 0));
    }

    @Override
    public int readInt(long offset) {
        var scratch = SCRATCH.get();
        readFully(offset, scratch.four);
        return scratch.four.get(UapiLayouts.U32, 0);
    }

    @Override
    public long readLong(long offset) {
        var scratch = SCRATCH.get();
        readFully(offset, scratch.eight);
        return scratch.eight.get(UapiLayouts.U64, 0);
    }

    @Override
    public void writeByte(long offset, int value) {
        var scratch = SCRATCH.get();
        scratch.one.set(UapiLayouts.U8, 0, (byte) value);
        writeFully(offset, scratch.one);
    }

    @Override
    public void writeShort(long offset, int value) {
        var scratch = SCRATCH.get();
        scratch.two.set(UapiLayouts.U16, 0, (short) value);
        writeFully(offset, scratch.two);
    }

    @Override
    public void writeInt(long offset, int value) {
        var scratch = SCRATCH.get();
        scratch.four.set(UapiLayouts.U32, 0, value);
        writeFully(offset, scratch.four);
    }

    @Override
    public void writeLong(long offset, long value) {
        var scratch = SCRATCH.get();
        scratch.eight.set(UapiLayouts.U64, 0, value);
        writeFully(offset, scratch.eight);
    }

    private void readFully(long offset, MemorySegment target) {
        long size = target.byteSize();
        requireInside("read", offset, size);
        long done = read(offset, target);
        if (done != size) {
            throw shortAccess("read", offset, size, done);
        }
    }

    private void writeFully(long offset, MemorySegment source) {
        long size = source.byteSize();
        requireInside("write", offset, size);
        long done = write(offset, source);
        if (done != size) {
            throw shortAccess("write", offset, size, done);
        }
    }

    @Override
    public long read(long offset, MemorySegment target) {
        long size = Math.min(target.byteSize(), room("read", offset));
        var ops = file.enter();
        try {
            return ops.read(info.offset() + offset, size == target.byteSize() ? target : target.asSlice(0, size));
        } finally {
            file.exit();
        }
    }

    @Override
    public long write(long offset, MemorySegment source) {
        long size = Math.min(source.byteSize(), room("write", offset));
        var ops = file.enter();
        try {
            return ops.write(info.offset() + offset, size == source.byteSize() ? source : source.asSlice(0, size));
        } finally {
            file.exit();
        }
    }

    @Override
    public UapiMapping map(long offset, long length) {
        requireInside("map", offset, length);
        var ops = file.enter();
        UapiMapping mapping;
        try {
            mapping = ops.mmap(info.offset() + offset, length, PROT_READ_WRITE, true);
        } catch (RuntimeException e) {
            file.exit();
            throw e;
        }
        // The mapping takes the call's hold over: the file lives until it is unmapped.
        return handles.track(new RegionMapping(mapping, file, handles));
    }

    /** Bytes from an offset to the region's end, so that no access runs into another region. */
    private long room(String operation, long offset) {
        if (offset < 0 || offset > info.size()) {
            throw outside(operation, offset, 0);
        }
        return info.size() - offset;
    }

    private void requireInside(String operation, long offset, long length) {
        if (offset < 0 || length > info.size() - offset) {
            throw outside(operation, offset, length);
        }
    }

    private VfioException outside(String operation, long offset, long length) {
        return new VfioException(
                Errno.EINVAL,
                operation + " of " + length + " bytes at 0x" + Long.toHexString(offset) + " is outside region "
                        + info.index() + ", which has 0x" + Long.toHexString(info.size()) + " bytes");
    }

    private VfioException shortAccess(String operation, long offset, long size, long done) {
        return new VfioException(
                Errno.EIO,
                operation + " of " + size + " bytes at 0x" + Long.toHexString(offset) + " of region " + info.index()
                        + " moved " + done);
    }

    private static final class Scratch {
        private final MemorySegment eight = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
        private final MemorySegment four = eight.asSlice(0, Integer.BYTES);
        private final MemorySegment two = eight.asSlice(0, Short.BYTES);
        private final MemorySegment one = eight.asSlice(0, Byte.BYTES);
    }
}
