// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.List;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The backend for groups without IOMMU (kernel: {@code vfio_noiommu_ops}): it attaches everything and translates nothing.
 * Offered only while the unsafe mode is on. Spec: core CT-5.
 */
final class NoIommuDriver implements ContainerDriver {
    /** {@code VFIO_NOIOMMU_IOMMU}. */
    static final int TYPE = 8;

    private final CoreSettings settings;

    NoIommuDriver(CoreSettings settings) {
        this.settings = settings;
    }

    @Override
    public List<Type> types() {
        return List.of(new Type(TYPE, "noiommu"));
    }

    @Override
    public int checkExtension(int extension) {
        return settings.unsafeNoIommuMode() && extension == TYPE ? 1 : 0;
    }

    @Override
    public IommuBackend open(int type) {
        if (type != TYPE) {
            throw new VfioException(
                    Errno.EINVAL, "CT-5", "SET_IOMMU refused: the no-IOMMU backend has no type " + type);
        }
        return new Instance();
    }

    private final class Instance implements IommuBackend {
        @Override
        public int checkExtension(int extension) {
            return NoIommuDriver.this.checkExtension(extension);
        }

        @Override
        public void attachGroup(IommuGroup group, GroupKind kind) {}

        @Override
        public void detachGroup(IommuGroup group) {}

        @Override
        public void release() {}

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            throw new VfioException(
                    Errno.ENOTTY, "CT-5", "a container without IOMMU has no ioctl 0x" + Integer.toHexString(command));
        }

        @Override
        public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {
            throw noMappings("MAP_DMA");
        }

        @Override
        public long unmapDma(Caller caller, int flags, long iova, long size) {
            throw noMappings("UNMAP_DMA");
        }

        @Override
        public DmaLimits limits() {
            return new DmaLimits(0, List.of(), 0);
        }

        /** Nothing can be pinned here, so nobody has to let go. */
        @Override
        public void registerDevice(DmaUnmapListener device) {}

        @Override
        public void unregisterDevice(DmaUnmapListener device) {}

        private VfioException noMappings(String operation) {
            return new VfioException(
                    Errno.ENOTTY, "CT-5", operation + " refused: a container without IOMMU maps nothing");
        }
    }
}
