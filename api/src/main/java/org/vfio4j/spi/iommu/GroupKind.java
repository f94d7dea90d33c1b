// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

/** Kind of VFIO group (kernel: {@code enum vfio_group_type}). Spec: core OM-8. */
public enum GroupKind {
    /** A hardware isolation group shared by its devices. */
    IOMMU,
    /** The private group of one device that reaches memory only through pin and copy calls. */
    EMULATED,
    /** The private group of one physical device without IOMMU. */
    NOIOMMU
}
