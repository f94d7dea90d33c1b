// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * A page fault, as read from a fault queue.
 *
 * <pre>{@code
 * struct iommu_hwpt_pgfault {
 *     __u32 flags;       //  0  IOMMU_PGFAULT_FLAGS_*
 *     __u32 dev_id;      //  4
 *     __u32 pasid;       //  8
 *     __u32 grpid;       // 12  page request group
 *     __u32 perm;        // 16  IOMMU_PGFAULT_PERM_*
 *     __u32 __reserved;  // 20
 *     __u64 addr;        // 24
 *     __u32 length;      // 32  bytes
 *     __u32 cookie;      // 36  names the fault in the answer
 * };                     // 40 bytes
 * }</pre>
 */
public final class IommuHwptPgfault {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    public static final int FLAGS_OFFSET = 0;
    public static final int DEV_ID_OFFSET = 4;
    public static final int PASID_OFFSET = 8;
    public static final int GRPID_OFFSET = 12;
    public static final int PERM_OFFSET = 16;
    public static final int RESERVED_OFFSET = 20;
    public static final int ADDR_OFFSET = 24;
    public static final int LENGTH_OFFSET = 32;
    public static final int COOKIE_OFFSET = 36;

    private IommuHwptPgfault() {}

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int devId(MemorySegment struct) {
        return struct.get(U32, DEV_ID_OFFSET);
    }

    public static void devId(MemorySegment struct, int value) {
        struct.set(U32, DEV_ID_OFFSET, value);
    }

    public static int pasid(MemorySegment struct) {
        return struct.get(U32, PASID_OFFSET);
    }

    public static void pasid(MemorySegment struct, int value) {
        struct.set(U32, PASID_OFFSET, value);
    }

    public static int grpid(MemorySegment struct) {
        return struct.get(U32, GRPID_OFFSET);
    }

    public static void grpid(MemorySegment struct, int value) {
        struct.set(U32, GRPID_OFFSET, value);
    }

    public static int perm(MemorySegment struct) {
        return struct.get(U32, PERM_OFFSET);
    }

    public static void perm(MemorySegment struct, int value) {
        struct.set(U32, PERM_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long addr(MemorySegment struct) {
        return struct.get(U64, ADDR_OFFSET);
    }

    public static void addr(MemorySegment struct, long value) {
        struct.set(U64, ADDR_OFFSET, value);
    }

    public static int length(MemorySegment struct) {
        return struct.get(U32, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, int value) {
        struct.set(U32, LENGTH_OFFSET, value);
    }

    public static int cookie(MemorySegment struct) {
        return struct.get(U32, COOKIE_OFFSET);
    }

    public static void cookie(MemorySegment struct, int value) {
        struct.set(U32, COOKIE_OFFSET, value);
    }
}
