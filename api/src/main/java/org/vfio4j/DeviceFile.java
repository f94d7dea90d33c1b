// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.UUID;

/**
 * An open {@code /dev/vfio/devices/vfioX}. It starts parked: only {@link #bind} works. Spec: core §5.
 */
public interface DeviceFile extends AutoCloseable {
    /**
     * BIND_IOMMUFD. On failure the file stays parked and may bind again.
     *
     * @return the device, usable until this file is closed
     */
    Device bind(Iommufd iommufd);

    /**
     * BIND_IOMMUFD with a token.
     *
     * @param vfToken what the user of a physical function shares with those of its virtual functions
     * @throws org.vfio4j.uapi.VfioException EACCES when it is not the token, EINVAL when the device takes none
     */
    Device bind(Iommufd iommufd, UUID vfToken);

    /** Id of the device or access object in the context; 0 while parked. */
    int deviceId();

    /**
     * ATTACH_IOMMUFD_PT: attaches, or replaces.
     *
     * @return id of the page table used
     */
    int attach(DmaSpace ioas);

    /** DETACH_IOMMUFD_PT. */
    void detach();

    /** Closes the file; the device's last close follows when it was bound. Idempotent. */
    @Override
    void close();
}
