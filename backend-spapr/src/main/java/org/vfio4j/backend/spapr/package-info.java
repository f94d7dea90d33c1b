// SPDX-License-Identifier: Apache-2.0
/**
 * The IOMMU backend of POWER's translation control entry tables, v1 and v2: memory registered ahead of use, DMA windows, and maps
 * written entry by entry. Kernel counterpart: {@code drivers/vfio/vfio_iommu_spapr_tce.c}; specification: {@code spec/spapr.md}.
 */
package org.vfio4j.backend.spapr;
