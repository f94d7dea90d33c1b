// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Head of an event read from a virtual IOMMU's event queue.
 *
 * <pre>{@code
 * struct iommufd_vevent_header {
 *     __u32 flags;     //  0  IOMMU_VEVENTQ_FLAG_*
 *     __u32 sequence;  //  4  counts events; gaps are losses
 * };                   //  8 bytes
 * }</pre>
 */
public final class IommufdVeventHeader {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int FLAGS_OFFSET = 0;
    public static final int SEQUENCE_OFFSET = 4;

    private IommufdVeventHeader() {}

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int sequence(MemorySegment struct) {
        return struct.get(U32, SEQUENCE_OFFSET);
    }

    public static void sequence(MemorySegment struct, int value) {
        struct.set(U32, SEQUENCE_OFFSET, value);
    }
}
