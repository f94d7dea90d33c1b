// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

/**
 * Part of a register that can be mapped (kernel: {@code vfio_region_sparse_mmap_area}).
 *
 * @param offset first byte from the register's start, page-aligned
 * @param length bytes, greater than zero
 */
public record MappableArea(long offset, long length) {}
