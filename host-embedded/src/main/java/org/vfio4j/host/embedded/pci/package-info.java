// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's PCI: buses, {@linkplain org.vfio4j.host.embedded.pci.EmbeddedFunction functions} with configuration
 * registers as hardware keeps them, interrupts, power and resets, and the models behind their registers. Spec: pci §21.
 */
package org.vfio4j.host.embedded.pci;
