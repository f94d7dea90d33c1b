// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

/** A backend's iommufd side (kernel: the {@code /dev/iommu} misc device). Spec: iommufd §2. */
@FunctionalInterface
public interface IommufdDriver {
    /** Opens {@code /dev/iommu}: a new context with no objects. */
    IommufdFile open();
}
