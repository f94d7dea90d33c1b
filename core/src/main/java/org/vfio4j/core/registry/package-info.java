// SPDX-License-Identifier: Apache-2.0
/**
 * What the module path offers: hosts, IOMMU backends and bus drivers, with the modules they came from, and the settings the
 * user gave them. Removing a jar removes what it offers and nothing else.
 */
package org.vfio4j.core.registry;
