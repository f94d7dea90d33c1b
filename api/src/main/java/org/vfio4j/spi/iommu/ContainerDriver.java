// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.util.List;

/** A backend's container side before there is an instance (kernel: {@code vfio_iommu_driver_ops}). Spec: core §3. */
public interface ContainerDriver {
    /** Container types that {@link #open} accepts, the one to prefer first. */
    List<Type> types();

    /**
     * CHECK_EXTENSION without an instance.
     *
     * @return positive when the extension or container type is offered, 0 when not
     */
    int checkExtension(int extension);

    /**
     * Makes an instance for SET_IOMMU.
     *
     * @param type the container type asked for; {@link #checkExtension} answered it positively
     * @throws org.vfio4j.uapi.VfioException EINVAL when it is an extension but no type
     */
    IommuBackend open(int type);

    /**
     * A container type.
     *
     * @param number what SET_IOMMU takes
     * @param name short name for people, for example {@code type1v2}
     */
    record Type(int number, String name) {}
}
