// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.List;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;

/**
 * What SPAPR answers before SET_IOMMU, and SET_IOMMU itself. Holds what all containers of an address space share: its
 * registered memory. Spec: spapr §2.
 */
final class SpaprDriver implements ContainerDriver {
    private static final List<Type> TYPES = List.of(
            new Type(VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU, "spapr-v2"),
            new Type(VfioExtension.VFIO_SPAPR_TCE_IOMMU, "spapr-v1"));

    private final PhysicalMemory physical;
    private final RegionTables regionTables;

    SpaprDriver(PhysicalMemory physical) {
        this.physical = physical;
        this.regionTables = new RegionTables(physical);
    }

    /** Memory registered by all containers. */
    RegionTables regionTables() {
        return regionTables;
    }

    @Override
    public List<Type> types() {
        return TYPES;
    }

    @Override
    public int checkExtension(int extension) {
        return answer(extension);
    }

    @Override
    public IommuBackend open(int type) {
        return switch (type) {
            case VfioExtension.VFIO_SPAPR_TCE_IOMMU -> new SpaprContainer(physical, regionTables, false);
            case VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU -> new SpaprContainer(physical, regionTables, true);
            default -> throw new VfioException(Errno.EINVAL, "SET_IOMMU refused: spapr has no container type " + type);
        };
    }

    /**
     * The answer with and without an instance. {@link VfioExtension#VFIO_EEH} is not offered: no host's endpoints can be
     * frozen and recovered.
     */
    static int answer(int extension) {
        return switch (extension) {
            case VfioExtension.VFIO_SPAPR_TCE_IOMMU, VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU -> 1;
            default -> 0;
        };
    }
}
