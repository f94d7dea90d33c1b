// SPDX-License-Identifier: Apache-2.0
/**
 * Device models: what a third party adds to the embedded machine. A module offers a
 * {@link org.vfio4j.spi.model.DeviceModelProvider}; the machine creates its device, gives it a place behind an IOMMU and
 * shows it on a bus, where a bus driver of the same third party (or another) takes it.
 */
package org.vfio4j.spi.model;
