// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * vfio4j's user API ({@code org.vfio4j}), the SPI that backends, bus drivers, hosts and device models implement
 * ({@code org.vfio4j.spi}), and the vocabulary of the Linux VFIO and iommufd uAPI ({@code org.vfio4j.uapi}). It holds no
 * implementation.
 */
@NullMarked
module org.vfio4j.api {
    requires static transitive org.jspecify;

    exports org.vfio4j;
    exports org.vfio4j.exercise;
    exports org.vfio4j.spi.call;
    exports org.vfio4j.spi.device;
    exports org.vfio4j.spi.fslmc;
    exports org.vfio4j.spi.host;
    exports org.vfio4j.spi.iommu;
    exports org.vfio4j.spi.mdev;
    exports org.vfio4j.spi.memory;
    exports org.vfio4j.spi.model;
    exports org.vfio4j.spi.module;
    exports org.vfio4j.spi.pci;
    exports org.vfio4j.uapi;
    exports org.vfio4j.uapi.struct;

    uses org.vfio4j.VfioFactory;
}
