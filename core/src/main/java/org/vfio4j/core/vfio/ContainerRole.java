// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.vfio4j.spi.iommu.IommufdContext;

/** What a file given to SET_CONTAINER is: the group decides by it how its devices reach an IOMMU. Spec: core §4.3. */
public sealed interface ContainerRole {
    /**
     * A container.
     *
     * @param container the container behind the file
     */
    record Legacy(VfioContainer container) implements ContainerRole {}

    /**
     * An iommufd in the container's role.
     *
     * @param context the context behind the file
     */
    record Iommufd(IommufdContext context) implements ContainerRole {}

    /** Any other file: EBADFD. */
    record Other() implements ContainerRole {}
}
