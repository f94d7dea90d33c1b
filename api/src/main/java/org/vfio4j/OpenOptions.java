// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * How to open a device.
 *
 * @param path the way
 * @param containerType for {@link OpenPath#GROUP} the container type, for {@link OpenPath#GROUP_IOMMUFD} the type1 version
 *     to ask for; empty for the best that works
 * @param vfToken what the user of a physical function shares with those of its virtual functions; empty for none. Spec: pci
 *     §18
 */
public record OpenOptions(OpenPath path, OptionalInt containerType, Optional<UUID> vfToken) {
    /** Without a token. */
    public OpenOptions(OpenPath path, OptionalInt containerType) {
        this(path, containerType, Optional.empty());
    }

    /** The same way with a token: needed for a virtual function, and for a physical one while a virtual one is open. */
    public OpenOptions withVfToken(UUID token) {
        return new OpenOptions(path, containerType, Optional.of(token));
    }

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
