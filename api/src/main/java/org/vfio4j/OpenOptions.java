// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.OptionalInt;

/**
 * How to open a device.
 *
 * @param path the way
 * @param containerType for {@link OpenPath#GROUP} the container type, for {@link OpenPath#GROUP_IOMMUFD} the type1 version
 *     to ask for; empty for the best that works
 */
public record OpenOptions(OpenPath path, OptionalInt containerType) {
    /** Through a container of a type, for example {@code VFIO_TYPE1v2_IOMMU}. */
    public static OpenOptions container(int type) {
        return new OpenOptions(OpenPath.GROUP, OptionalInt.of(type));
    }

    /** Through the device's own file and a new iommufd. */
    public static OpenOptions cdev() {
        return new OpenOptions(OpenPath.CDEV, OptionalInt.empty());
    }

    /** Through the group file and a new iommufd in the container's role. */
    public static OpenOptions groupIommufd() {
        return new OpenOptions(OpenPath.GROUP_IOMMUFD, OptionalInt.empty());
    }
}
