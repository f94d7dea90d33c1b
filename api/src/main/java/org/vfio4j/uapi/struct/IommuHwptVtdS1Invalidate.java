// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * One invalidation of a guest's stage-1 table: Intel VT-d.
 *
 * <pre>{@code
 * struct iommu_hwpt_vtd_s1_invalidate {
 *     __u64 addr;        //  0
 *     __u64 npages;      //  8
 *     __u32 flags;       // 16  IOMMU_VTD_INV_FLAGS_LEAF
 *     __u32 __reserved;  // 20
 * };                     // 24 bytes
 * }</pre>
 */
public final class IommuHwptVtdS1Invalidate {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int ADDR_OFFSET = 0;
    public static final int NPAGES_OFFSET = 8;
    public static final int FLAGS_OFFSET = 16;
    public static final int RESERVED_OFFSET = 20;

    private IommuHwptVtdS1Invalidate() {}

    public static long addr(MemorySegment struct) {
        return struct.get(U64, ADDR_OFFSET);
    }

    public static void addr(MemorySegment struct, long value) {
        struct.set(U64, ADDR_OFFSET, value);
    }

    public static long npages(MemorySegment struct) {
        return struct.get(U64, NPAGES_OFFSET);
    }

    public static void npages(MemorySegment struct, long value) {
        struct.set(U64, NPAGES_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
