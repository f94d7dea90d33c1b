// SPDX-License-Identifier: Apache-2.0
/**
 * The bus driver that hands PCI functions to users: virtualised configuration space, BAR regions, INTx and MSI interrupts, resets,
 * and the device sets of functions that reset together. Kernel counterpart: {@code drivers/vfio/pci}; specification:
 * {@code spec/pci.md}.
 */
package org.vfio4j.drivers.pci;
