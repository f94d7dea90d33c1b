// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.List;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;

/** What type1 answers before SET_IOMMU, and SET_IOMMU itself. Spec: type1 §2, core §3 CT-3. */
final class Type1Driver implements ContainerDriver {
    private static final List<Type> TYPES = List.of(
            new Type(VfioExtension.VFIO_TYPE1v2_IOMMU, "type1v2"), new Type(VfioExtension.VFIO_TYPE1_IOMMU, "type1"));

    private final BackendEnvironment environment;

    Type1Driver(BackendEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public List<Type> types() {
        return TYPES;
    }

    @Override
    public int checkExtension(int extension) {
        return always(extension);
    }

    @Override
    public IommuBackend open(int type) {
        return switch (type) {
            case VfioExtension.VFIO_TYPE1_IOMMU -> new Type1Container(environment, false);
            case VfioExtension.VFIO_TYPE1v2_IOMMU -> new Type1Container(environment, true);
            default -> throw new VfioException(Errno.EINVAL, "SET_IOMMU refused: type1 has no container type " + type);
        };
    }

    /** Answers that do not depend on an instance. */
    static int always(int extension) {
        return switch (extension) {
            case VfioExtension.VFIO_TYPE1_IOMMU, VfioExtension.VFIO_TYPE1v2_IOMMU, VfioExtension.VFIO_UNMAP_ALL -> 1;
            default -> 0;
        };
    }
}
