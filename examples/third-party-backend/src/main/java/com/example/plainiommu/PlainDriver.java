// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.List;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Offers one container type. Its number is beyond those of the kernel, which has 1 to 11. */
final class PlainDriver implements ContainerDriver {
    static final int TYPE = 4096;

    private final BackendEnvironment environment;

    PlainDriver(BackendEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public List<Type> types() {
        return List.of(new Type(TYPE, PlainProvider.NAME));
    }

    @Override
    public int checkExtension(int extension) {
        return extension == TYPE ? 1 : 0;
    }

    @Override
    public IommuBackend open(int type) {
        if (type != TYPE) {
            throw new VfioException(Errno.EINVAL, "SET_IOMMU refused: plain has container type 4096, not " + type);
        }
        return new PlainContainer(environment.memory());
    }
}
