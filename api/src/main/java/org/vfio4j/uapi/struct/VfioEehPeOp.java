// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * One operation of enhanced error handling on a partitionable endpoint.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_EEH_PE_OP}.
 *
 * <pre>{@code
 * struct vfio_eeh_pe_op {
 *     __u32 argsz;                 //  0  bytes the caller offers
 *     __u32 flags;                 //  4  none defined
 *     __u32 op;                    //  8  VFIO_EEH_PE_*
 *                                  // 12  4 bytes of padding
 *     struct vfio_eeh_pe_err err;  // 16  for VFIO_EEH_PE_INJECT_ERR
 * };                               // 40 bytes
 * }</pre>
 */
public final class VfioEehPeOp {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 12;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int OP_OFFSET = 8;
    public static final int ERR_OFFSET = 16;

    private VfioEehPeOp() {}

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

    public static int op(MemorySegment struct) {
        return struct.get(U32, OP_OFFSET);
    }

    public static void op(MemorySegment struct, int value) {
        struct.set(U32, OP_OFFSET, value);
    }

    /** A view of the nested {@link VfioEehPeErr}. */
    public static MemorySegment err(MemorySegment struct) {
        return struct.asSlice(ERR_OFFSET, VfioEehPeErr.SIZEOF);
    }
}
