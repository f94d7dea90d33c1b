// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;
import org.vfio4j.spi.iommu.TceOperations;

/** An open {@code /dev/vfio/vfio}: groups and one backend instance (kernel: {@code vfio_container}). Spec: core §3. */
public interface Container extends AutoCloseable {
    /** CHECK_EXTENSION: positive when offered. */
    int checkExtension(int extension);

    /**
     * SET_IOMMU.
     *
     * @param type container type, for example {@code VFIO_TYPE1v2_IOMMU}
     */
    void setIommu(int type);

    /**
     * Where mappings are made.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL before {@link #setIommu}
     */
    DmaSpace dma();

    /** TCE calls, when the backend is a SPAPR one. */
    Optional<TceOperations> tce();

    /** Closes the file; attached groups keep it working (core OM-11). Idempotent. */
    @Override
    void close();
}
