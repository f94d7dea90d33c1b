// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Dirty tracking of a hardware page table (kernel: {@code iopt_set_dirty_tracking}, {@code
 * iopt_read_and_clear_dirty_data}). Spec: iommufd §5.12, §5.13.
 */
final class DirtyPages {
    private DirtyPages() {}

    /**
     * Switches tracking; switching it on forgets everything recorded before, also when it was on.
     *
     * @throws VfioException EOPNOTSUPP
     */
    static void setTracking(HwPageTable table, boolean enabled) {
        table.requireDirtyTracking();
        IoPageTable engine = table.ioas().engine();
        Lock layout = engine.iovaLock.readLock();
        layout.lock();
        try {
            if (enabled) {
                for (Area area = engine.space.areas.first(); area != null; area = engine.space.areas.next(area)) {
                    if (area.state == Area.State.READY) {
                        table.domain().readDirty(area.start, area.length, true, (iova, length) -> {});
                    }
                }
            }
            table.domain().setDirtyTracking(enabled);
        } finally {
            layout.unlock();
        }
    }

    /**
     * Sets bits for the pages of a range that devices wrote; bits that are set already stay. Ends without a word at the
     * first address that is not mapped or at a bitmap that cannot be written.
     *
     * @param bitmap where in the user's memory bit 0 is
     * @throws VfioException EOVERFLOW, EINVAL, EOPNOTSUPP
     */
    static void read(
            HwPageTable table, AddressSpace user, long bitmap, long iova, long length, long pageSize, boolean clear) {
        IoPageTable engine = table.ioas().engine();
        checkRange(iova, length, pageSize, engine.usable().alignment());
        table.requireDirtyTracking();
        long last = iova + length - 1;
        var bits = new UserBitmap(user, bitmap, iova, last, Long.numberOfTrailingZeros(pageSize));
        Lock layout = engine.iovaLock.readLock();
        layout.lock();
        try {
            long at = iova;
            Area area = engine.space.areaAt(iova);
            while (area != null && area.state == Area.State.READY) {
                long end = Long.compareUnsigned(area.last, last) < 0 ? area.last : last;
                table.domain().readDirty(at, end - at + 1, clear, bits);
                if (end == last) {
                    return;
                }
                at = end + 1;
                area = engine.space.adjacent(area);
            }
        } finally {
            layout.unlock();
        }
    }

    private static void checkRange(long iova, long length, long pageSize, long alignment) {
        if (length == 0) {
            throw new VfioException(Errno.EINVAL, "GET_DIRTY_BITMAP refused: length 0");
        }
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "GET_DIRTY_BITMAP refused: iova " + IovaSpace.hex(iova) + " plus length " + IovaSpace.hex(length)
                            + " wraps");
        }
        if (pageSize == 0
                || ((iova | (iova + length)) & (alignment - 1)) != 0
                || ((iova | (iova + length)) & (pageSize - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "GET_DIRTY_BITMAP refused: iova " + IovaSpace.hex(iova) + ", length " + IovaSpace.hex(length)
                            + " and page size " + IovaSpace.hex(pageSize) + " do not fit together or the alignment "
                            + alignment);
        }
    }

    /** Sets bits in the user's memory, each for the pages from the request's first address on. */
    private static final class UserBitmap implements IommuDomain.DirtySink {
        private static final int CHUNK = 64;

        private final AddressSpace user;
        private final long bitmap;
        private final long iova;
        private final long last;
        private final int pageShift;
        private final byte[] bytes = new byte[CHUNK];
        private final MemorySegment chunk = MemorySegment.ofArray(bytes);

        /** Why the bitmap could not be written; nobody is told. */
        private @Nullable VfioException unwritable;

        UserBitmap(AddressSpace user, long bitmap, long iova, long last, int pageShift) {
            this.user = user;
            this.bitmap = bitmap;
            this.iova = iova;
            this.last = last;
            this.pageShift = pageShift;
        }

        @Override
        public void dirty(long start, long length) {
            long first = Long.compareUnsigned(start, iova) < 0 ? iova : start;
            long end = start + length - 1;
            end = Long.compareUnsigned(end, last) > 0 ? last : end;
            set((first - iova) >>> pageShift, (end - iova) >>> pageShift);
        }

        private void set(long firstBit, long lastBit) {
            long bit = firstBit;
            while (bit <= lastBit && unwritable == null) {
                long firstByte = bit >>> 3;
                int count = (int) Math.min(CHUNK, (lastBit >>> 3) - firstByte + 1);
                long chunkLastBit = Math.min(lastBit, ((firstByte + count) << 3) - 1);
                try {
                    user.read(bitmap + firstByte, chunk, 0, count);
                    for (; bit <= chunkLastBit; bit++) {
                        bytes[(int) ((bit >>> 3) - firstByte)] |= (byte) (1 << (bit & 7));
                    }
                    user.write(bitmap + firstByte, chunk, 0, count);
                } catch (VfioException fault) {
                    unwritable = fault;
                }
            }
        }
    }
}
