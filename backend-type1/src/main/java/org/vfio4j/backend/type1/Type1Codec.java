// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.VfioBitmap;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmap;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmapGet;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;
import org.vfio4j.uapi.struct.VfioIommuType1Info;

/**
 * Raw calls of a type1 container: structs in, typed operations, structs out (kernel: {@code vfio_iommu_type1_ioctl}).
 * Thread-safe. Spec: type1 §1, §4 M1-M2, §5 U1-U3, §11 T1-T3, §12.
 */
final class Type1Codec {
    /** Room for the largest struct that is read at once. Filled and used up before anything else is called. */
    private static final ThreadLocal<MemorySegment> SCRATCH =
            ThreadLocal.withInitial(() -> MemorySegment.ofArray(new long[8]));

    private static final int UNMAP_WITH_BITMAP = VfioIommuType1DmaUnmap.DATA_OFFSET + VfioBitmap.SIZEOF;
    private static final int DIRTY_WITH_RANGE =
            VfioIommuType1DirtyBitmap.DATA_OFFSET + VfioIommuType1DirtyBitmapGet.SIZEOF;

    private final Type1Container container;
    private final UnmapOperation unmap;
    private final DirtyPages dirtyPages;

    Type1Codec(Type1Container container, UnmapOperation unmap, DirtyPages dirtyPages) {
        this.container = container;
        this.unmap = unmap;
        this.dirtyPages = dirtyPages;
    }

    long ioctl(Caller caller, int command, long argument) {
        switch (command) {
            case VfioIoctl.VFIO_IOMMU_MAP_DMA -> mapDma(caller, argument);
            case VfioIoctl.VFIO_IOMMU_UNMAP_DMA -> unmapDma(caller, argument);
            case VfioIoctl.VFIO_IOMMU_GET_INFO -> getInfo(caller, argument);
            case VfioIoctl.VFIO_IOMMU_DIRTY_PAGES -> dirtyPages(caller, argument);
            default ->
                throw new VfioException(
                        Errno.ENOTTY, "a type1 container knows no ioctl " + hex(Integer.toUnsignedLong(command)));
        }
        return 0;
    }

    private void mapDma(Caller caller, long argument) {
        MemorySegment struct = read(caller, argument, VfioIommuType1DmaMap.SIZEOF);
        checkArgsz("MAP_DMA", VfioIommuType1DmaMap.argsz(struct), VfioIommuType1DmaMap.MIN_ARGSZ);
        container.mapDma(
                caller,
                VfioIommuType1DmaMap.flags(struct),
                VfioIommuType1DmaMap.vaddr(struct),
                VfioIommuType1DmaMap.iova(struct),
                VfioIommuType1DmaMap.size(struct));
    }

    private void unmapDma(Caller caller, long argument) {
        MemorySegment struct = read(caller, argument, VfioIommuType1DmaUnmap.SIZEOF);
        int argsz = VfioIommuType1DmaUnmap.argsz(struct);
        int flags = VfioIommuType1DmaUnmap.flags(struct);
        long iova = VfioIommuType1DmaUnmap.iova(struct);
        long size = VfioIommuType1DmaUnmap.size(struct);
        checkArgsz("UNMAP_DMA", argsz, VfioIommuType1DmaUnmap.MIN_ARGSZ);
        UnmapOperation.checkFlags(flags);
        BitmapTarget bitmap = null;
        if ((flags & VfioType1.VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) != 0) {
            checkArgsz("UNMAP_DMA", argsz, UNMAP_WITH_BITMAP);
            long data = argument + VfioIommuType1DmaUnmap.DATA_OFFSET;
            bitmap = target(caller, read(caller, data, VfioBitmap.SIZEOF));
            bitmap.check("UNMAP_DMA", size);
        }
        long removed = unmap.unmap(flags, iova, size, bitmap);
        answerUnmap(caller, argument, argsz, flags, iova, removed);
    }

    /** The whole head is written back, with the size that was removed. */
    private static void answerUnmap(Caller caller, long argument, int argsz, int flags, long iova, long removed) {
        MemorySegment struct = SCRATCH.get();
        VfioIommuType1DmaUnmap.argsz(struct, argsz);
        VfioIommuType1DmaUnmap.flags(struct, flags);
        VfioIommuType1DmaUnmap.iova(struct, iova);
        VfioIommuType1DmaUnmap.size(struct, removed);
        caller.memory().write(argument, struct, 0, VfioIommuType1DmaUnmap.SIZEOF);
    }

    private void getInfo(Caller caller, long argument) {
        MemorySegment struct = read(caller, argument, VfioIommuType1Info.MIN_ARGSZ);
        int argsz = VfioIommuType1Info.argsz(struct);
        checkArgsz("GET_INFO", argsz, VfioIommuType1Info.MIN_ARGSZ);
        InfoAnswer answer = new InfoAnswer(container.limits(), argsz);
        if (answer.hasChain()) {
            caller.memory()
                    .write(
                            argument + VfioIommuType1Info.SIZEOF,
                            answer.struct(),
                            VfioIommuType1Info.SIZEOF,
                            answer.struct().byteSize() - VfioIommuType1Info.SIZEOF);
        }
        long head = Math.min(Integer.toUnsignedLong(argsz), VfioIommuType1Info.SIZEOF);
        caller.memory().write(argument, answer.struct(), 0, head);
    }

    private void dirtyPages(Caller caller, long argument) {
        dirtyPages.checkVersion();
        MemorySegment struct = read(caller, argument, VfioIommuType1DirtyBitmap.SIZEOF);
        int argsz = VfioIommuType1DirtyBitmap.argsz(struct);
        checkArgsz("DIRTY_PAGES", argsz, VfioIommuType1DirtyBitmap.MIN_ARGSZ);
        int flags = VfioIommuType1DirtyBitmap.flags(struct);
        switch (flags) {
            case VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_START -> dirtyPages.start();
            case VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP -> dirtyPages.stop();
            case VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP -> getBitmap(caller, argument, argsz);
            default ->
                throw Refusal.of(
                        Errno.EINVAL,
                        "DIRTY_PAGES",
                        "flags " + hex(Integer.toUnsignedLong(flags))
                                + " are not exactly one of START, STOP, GET_BITMAP");
        }
    }

    private void getBitmap(Caller caller, long argument, int argsz) {
        checkArgsz("DIRTY_PAGES", argsz, DIRTY_WITH_RANGE);
        long data = argument + VfioIommuType1DirtyBitmap.DATA_OFFSET;
        MemorySegment struct = read(caller, data, VfioIommuType1DirtyBitmapGet.SIZEOF);
        dirtyPages.getBitmap(
                VfioIommuType1DirtyBitmapGet.iova(struct),
                VfioIommuType1DirtyBitmapGet.size(struct),
                target(caller, VfioIommuType1DirtyBitmapGet.bitmap(struct)));
    }

    private static BitmapTarget target(Caller caller, MemorySegment bitmap) {
        return new BitmapTarget(
                caller.memory(), VfioBitmap.pgsize(bitmap), VfioBitmap.size(bitmap), VfioBitmap.data(bitmap));
    }

    private static MemorySegment read(Caller caller, long address, int size) {
        MemorySegment struct = SCRATCH.get();
        caller.memory().read(address, struct, 0, size);
        return struct;
    }

    private static void checkArgsz(String operation, int argsz, int least) {
        if (Integer.compareUnsigned(argsz, least) < 0) {
            throw Refusal.of(
                    Errno.EINVAL, operation, "argsz " + Integer.toUnsignedString(argsz) + " is less than " + least);
        }
    }
}
