// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Page table data for Intel VT-d: a stage-1 table of the guest.
 *
 * <pre>{@code
 * struct iommu_hwpt_vtd_s1 {
 *     __u64 flags;       //  0  IOMMU_VTD_S1_*
 *     __u64 pgtbl_addr;  //  8
 *     __u32 addr_width;  // 16  bits
 *     __u32 __reserved;  // 20
 * };                     // 24 bytes
 * }</pre>
 */
public final class IommuHwptVtdS1 {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int FLAGS_OFFSET = 0;
    public static final int PGTBL_ADDR_OFFSET = 8;
    public static final int ADDR_WIDTH_OFFSET = 16;
    public static final int RESERVED_OFFSET = 20;

    private IommuHwptVtdS1() {}

    public static long flags(MemorySegment struct) {
        return struct.get(U64, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, long value) {
        struct.set(U64, FLAGS_OFFSET, value);
    }

    public static long pgtblAddr(MemorySegment struct) {
        return struct.get(U64, PGTBL_ADDR_OFFSET);
    }

    public static void pgtblAddr(MemorySegment struct, long value) {
        struct.set(U64, PGTBL_ADDR_OFFSET, value);
    }

    public static int addrWidth(MemorySegment struct) {
        return struct.get(U32, ADDR_WIDTH_OFFSET);
    }

    public static void addrWidth(MemorySegment struct, int value) {
        struct.set(U32, ADDR_WIDTH_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
