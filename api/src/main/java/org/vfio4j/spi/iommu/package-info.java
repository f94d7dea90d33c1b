// SPDX-License-Identifier: Apache-2.0
/**
 * IOMMU backends: what makes DMA of VFIO devices safe. A module offers an
 * {@link org.vfio4j.spi.iommu.IommuBackendProvider}; it can stand behind containers
 * ({@link org.vfio4j.spi.iommu.ContainerDriver}) or be an iommufd ({@link org.vfio4j.spi.iommu.IommufdDriver}).
 */
package org.vfio4j.spi.iommu;
