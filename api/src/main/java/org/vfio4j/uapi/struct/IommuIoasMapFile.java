// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Maps a part of a file into an IOAS.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_MAP_FILE}.
 *
 * <pre>{@code
 * struct iommu_ioas_map_file {
 *     __u32 size;     //  0  bytes the caller offers
 *     __u32 flags;    //  4  IOMMU_IOAS_MAP_*
 *     __u32 ioas_id;  //  8
 *     __s32 fd;       // 12
 *     __u64 start;    // 16  offset in the file
 *     __u64 length;   // 24  bytes
 *     __u64 iova;     // 32  in if FIXED_IOVA, else out
 * };                  // 40 bytes
 * }</pre>
 */
public final class IommuIoasMapFile {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 40;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int IOAS_ID_OFFSET = 8;
    public static final int FD_OFFSET = 12;
    public static final int START_OFFSET = 16;
    public static final int LENGTH_OFFSET = 24;
    public static final int IOVA_OFFSET = 32;

    private IommuIoasMapFile() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int ioasId(MemorySegment struct) {
        return struct.get(U32, IOAS_ID_OFFSET);
    }

    public static void ioasId(MemorySegment struct, int value) {
        struct.set(U32, IOAS_ID_OFFSET, value);
    }

    public static int fd(MemorySegment struct) {
        return struct.get(S32, FD_OFFSET);
    }

    public static void fd(MemorySegment struct, int value) {
        struct.set(S32, FD_OFFSET, value);
    }

    public static long start(MemorySegment struct) {
        return struct.get(U64, START_OFFSET);
    }

    public static void start(MemorySegment struct, long value) {
        struct.set(U64, START_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }
}
