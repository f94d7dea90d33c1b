// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The start of a saved serial device, little-endian. Only a device of the same kind takes the rest. Spec: mdev §9.
 *
 * <pre>{@code
 * struct mtty_header {
 *     u64 magic;
 *     u32 major_version, minor_version;
 *     u32 ports;
 *     u32 flags;
 * }
 * }</pre>
 */
final class SavedHeader {
    /** Bytes. */
    static final int LENGTH = 24;

    private static final long MAGIC = 0x7e9d_0989_8c3e_2c4eL;
    private static final int MAJOR_VERSION = 1;
    private static final int MINOR_VERSION = 0;
    /** Flag: records of a DMA engine follow instead of bare ports. */
    private static final int WITH_ENGINE = 0x1;

    private SavedHeader() {}

    /** Writes the header of a type's devices. */
    static void write(MemorySegment target, SerialType type) {
        target.set(UapiLayouts.U64, 0, MAGIC);
        target.set(UapiLayouts.U32, 8, MAJOR_VERSION);
        target.set(UapiLayouts.U32, 12, MINOR_VERSION);
        target.set(UapiLayouts.U32, 16, type.ports());
        target.set(UapiLayouts.U32, 20, type.engine() ? WITH_ENGINE : 0);
    }

    /**
     * Checks that what follows is of a device of this type.
     *
     * @throws VfioException EFAULT when it is not
     */
    static void check(MemorySegment source, SerialType type) {
        var expected = MemorySegment.ofArray(new byte[LENGTH]);
        write(expected, type);
        if (source.asSlice(0, LENGTH).mismatch(expected) != -1) {
            throw new VfioException(
                    Errno.EFAULT,
                    "restore refused: the data are of magic 0x" + Long.toHexString(source.get(UapiLayouts.U64, 0))
                            + ", version " + source.get(UapiLayouts.U32, 8) + "." + source.get(UapiLayouts.U32, 12)
                            + ", " + source.get(UapiLayouts.U32, 16) + " ports, flags 0x"
                            + Integer.toHexString(source.get(UapiLayouts.U32, 20)) + "; this device has "
                            + type.ports() + " ports, flags 0x"
                            + Integer.toHexString(expected.get(UapiLayouts.U32, 20)));
        }
    }
}
