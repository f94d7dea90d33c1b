// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Flags of {@link org.vfio4j.uapi.struct.VfioDeviceIoeventfd}.
 */
public final class VfioIoeventfd {
    // The width of the write, in bits.
    public static final int VFIO_DEVICE_IOEVENTFD_8 = 1 << 0;
    public static final int VFIO_DEVICE_IOEVENTFD_16 = 1 << 1;
    public static final int VFIO_DEVICE_IOEVENTFD_32 = 1 << 2;
    public static final int VFIO_DEVICE_IOEVENTFD_64 = 1 << 3;

    /** All of them. */
    public static final int VFIO_DEVICE_IOEVENTFD_SIZE_MASK = 0xf;

    private VfioIoeventfd() {}
}
