// SPDX-License-Identifier: Apache-2.0
/**
 * The bus driver of mediated devices: parents offer types, users create and remove devices of a type by UUID, and each device
 * reaches its user's memory by pinning it or by DMA reads and writes in software. Kernel counterpart: {@code drivers/vfio/mdev};
 * specification: {@code spec/mdev.md}.
 */
package org.vfio4j.drivers.mdev;
