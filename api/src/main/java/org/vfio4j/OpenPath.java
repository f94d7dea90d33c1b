// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** Way to open a device. All run the same open sequence (core §6.1). */
public enum OpenPath {
    /** Group file and a container: {@code SET_CONTAINER}, {@code SET_IOMMU}, {@code GET_DEVICE_FD}. */
    GROUP,
    /** Group file with an iommufd in the container's role (the type1 shim). */
    GROUP_IOMMUFD,
    /** The device's own file: {@code BIND_IOMMUFD}, {@code ATTACH_IOMMUFD_PT}. */
    CDEV
}
