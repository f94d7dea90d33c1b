// SPDX-License-Identifier: Apache-2.0
/**
 * The virtual tree that programs see: the nodes in {@code /dev/vfio} and {@code /dev/iommu}, and VFIO's parts of
 * {@code /sys}. Every look-up makes its answer from the state of the moment; nothing is kept. Specification: core §2,
 * mdev §3, pci §2.4 and §21.4.
 */
package org.vfio4j.core.tree;
