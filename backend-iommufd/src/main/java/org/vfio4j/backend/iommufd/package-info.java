// SPDX-License-Identifier: Apache-2.0
/**
 * The iommufd backend: one context's objects by id (I/O address spaces, hardware page tables, accesses), the ioctls on them, and
 * the shim through which a context stands in for a type1 container. Kernel counterpart: {@code drivers/iommu/iommufd};
 * specification: {@code spec/iommufd.md}.
 */
package org.vfio4j.backend.iommufd;
