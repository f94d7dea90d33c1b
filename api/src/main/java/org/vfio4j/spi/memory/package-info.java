// SPDX-License-Identifier: Apache-2.0
/**
 * Memory as IOMMU backends and devices see it: an {@link org.vfio4j.spi.memory.AddressSpace} is a user's memory,
 * {@link org.vfio4j.spi.memory.PhysicalMemory} turns pinned parts of it into stable "physical" addresses that IOMMU
 * page tables hold, and {@link org.vfio4j.spi.memory.LockedMemory} counts what was pinned against the user's limit. A
 * {@link org.vfio4j.spi.memory.ProcessBarrier} lets devices access memory without a fence and still end with a translation.
 */
package org.vfio4j.spi.memory;
