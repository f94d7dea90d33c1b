// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * The answer to a page fault, as written to a fault queue.
 *
 * <pre>{@code
 * struct iommu_hwpt_page_response {
 *     __u32 cookie;  //  0  of the fault
 *     __u32 code;    //  4  IOMMUFD_PAGE_RESP_*
 * };                 //  8 bytes
 * }</pre>
 */
public final class IommuHwptPageResponse {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int COOKIE_OFFSET = 0;
    public static final int CODE_OFFSET = 4;

    private IommuHwptPageResponse() {}

    public static int cookie(MemorySegment struct) {
        return struct.get(U32, COOKIE_OFFSET);
    }

    public static void cookie(MemorySegment struct, int value) {
        struct.set(U32, COOKIE_OFFSET, value);
    }

    public static int code(MemorySegment struct) {
        return struct.get(U32, CODE_OFFSET);
    }

    public static void code(MemorySegment struct, int value) {
        struct.set(U32, CODE_OFFSET, value);
    }
}
