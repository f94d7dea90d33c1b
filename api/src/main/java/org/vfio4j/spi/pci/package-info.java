// SPDX-License-Identifier: Apache-2.0
/**
 * The PCI bus between a host and the PCI driver: {@link org.vfio4j.spi.pci.PciFunction} is a function with configuration
 * space, base address registers, interrupts and resets. Spec: pci §21.
 */
package org.vfio4j.spi.pci;
