// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Flags of the requests that tie a device file to an iommufd.
 */
public final class VfioCdev {
    /** {@link org.vfio4j.uapi.struct.VfioDeviceBindIommufd}: a VF token is given. */
    public static final int VFIO_DEVICE_BIND_FLAG_TOKEN = 1 << 0;

    /** {@link org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt}: {@code pasid} is meant. */
    public static final int VFIO_DEVICE_ATTACH_PASID = 1 << 0;

    /** {@link org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt}: {@code pasid} is meant. */
    public static final int VFIO_DEVICE_DETACH_PASID = 1 << 0;

    private VfioCdev() {}
}
