// SPDX-License-Identifier: Apache-2.0
/**
 * The IOMMU backend of legacy containers on page-table IOMMUs, type1 v1 and v2: DMA mappings by I/O virtual address, pinning and
 * its accounting, replay of the mappings into every domain that joins, and the codec of type1's own ioctls. Kernel counterpart:
 * {@code drivers/vfio/vfio_iommu_type1.c}; specification: {@code spec/type1.md}.
 */
package org.vfio4j.backend.type1;
