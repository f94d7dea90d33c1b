// SPDX-License-Identifier: Apache-2.0
/**
 * What lies beneath VFIO: a {@link org.vfio4j.spi.host.Host} with buses, {@linkplain org.vfio4j.spi.host.BusDevice
 * devices}, {@linkplain org.vfio4j.spi.host.IommuGroup isolation groups} and IOMMU hardware
 * ({@link org.vfio4j.spi.host.IommuDomain}, {@link org.vfio4j.spi.host.TceTableGroup}). Hosts are found with
 * {@link java.util.ServiceLoader} as {@link org.vfio4j.spi.host.HostProvider}.
 */
package org.vfio4j.spi.host;
