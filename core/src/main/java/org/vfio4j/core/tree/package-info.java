// SPDX-License-Identifier: Apache-2.0
/** The virtual tree of nodes that raw callers open: {@code /dev/vfio} and {@code /dev/iommu}. Specification: core §2. */
package org.vfio4j.core.tree;
