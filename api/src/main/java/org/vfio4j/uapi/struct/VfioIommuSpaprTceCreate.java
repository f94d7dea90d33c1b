// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a DMA window.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_IOMMU_SPAPR_TCE_CREATE}.
 *
 * <pre>{@code
 * struct vfio_iommu_spapr_tce_create {
 *     __u32 argsz;        //  0  bytes the caller offers
 *     __u32 flags;        //  4  none defined
 *     __u32 page_shift;   //  8  pages of 2^page_shift bytes
 *     __u32 __resv1;      // 12  reserved, not checked
 *     __u64 window_size;  // 16  bytes
 *     __u32 levels;       // 24  of the table
 *     __u32 __resv2;      // 28  reserved, not checked
 *     __u64 start_addr;   // 32  out: bus address
 * };                      // 40 bytes
 * }</pre>
 */
public final class VfioIommuSpaprTceCreate {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 40;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int PAGE_SHIFT_OFFSET = 8;
    public static final int RESV1_OFFSET = 12;
    public static final int WINDOW_SIZE_OFFSET = 16;
    public static final int LEVELS_OFFSET = 24;
    public static final int RESV2_OFFSET = 28;
    public static final int START_ADDR_OFFSET = 32;

    private VfioIommuSpaprTceCreate() {}

    public static int argsz(MemorySegment struct) {
        return struct.get(U32, ARGSZ_OFFSET);
    }

    public static void argsz(MemorySegment struct, int value) {
        struct.set(U32, ARGSZ_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int pageShift(MemorySegment struct) {
        return struct.get(U32, PAGE_SHIFT_OFFSET);
    }

    public static void pageShift(MemorySegment struct, int value) {
        struct.set(U32, PAGE_SHIFT_OFFSET, value);
    }

    public static int resv1(MemorySegment struct) {
        return struct.get(U32, RESV1_OFFSET);
    }

    public static void resv1(MemorySegment struct, int value) {
        struct.set(U32, RESV1_OFFSET, value);
    }

    public static long windowSize(MemorySegment struct) {
        return struct.get(U64, WINDOW_SIZE_OFFSET);
    }

    public static void windowSize(MemorySegment struct, long value) {
        struct.set(U64, WINDOW_SIZE_OFFSET, value);
    }

    public static int levels(MemorySegment struct) {
        return struct.get(U32, LEVELS_OFFSET);
    }

    public static void levels(MemorySegment struct, int value) {
        struct.set(U32, LEVELS_OFFSET, value);
    }

    public static int resv2(MemorySegment struct) {
        return struct.get(U32, RESV2_OFFSET);
    }

    public static void resv2(MemorySegment struct, int value) {
        struct.set(U32, RESV2_OFFSET, value);
    }

    public static long startAddr(MemorySegment struct) {
        return struct.get(U64, START_ADDR_OFFSET);
    }

    public static void startAddr(MemorySegment struct, long value) {
        struct.set(U64, START_ADDR_OFFSET, value);
    }
}
