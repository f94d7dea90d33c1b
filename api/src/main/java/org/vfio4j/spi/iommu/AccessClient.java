// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

/** The driver's side of an {@link IommufdAccess} (kernel: {@code struct iommufd_access_ops}). */
public interface AccessClient extends DmaUnmapListener {
    /** Whether the client pins pages: raises the IOAS alignment to the base page size. */
    boolean needsPinPages();
}
