// SPDX-License-Identifier: Apache-2.0
/**
 * The VFIO core: containers, groups, device files that stay parked until bound, device sets, exclusive DMA ownership, and the
 * wiring that joins them to the IOMMU backends, bus drivers and hosts found on the module path. It owns the rules between these
 * parts and knows none of them by name. Kernel counterpart: {@code drivers/vfio}; specification: {@code spec/core.md}.
 */
package org.vfio4j.core;
