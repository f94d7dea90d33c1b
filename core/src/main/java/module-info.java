// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The VFIO core: what every IOMMU backend, bus driver and host has in common. It finds them as services and is itself found as
 * {@link org.vfio4j.VfioFactory}; nothing compiles against it.
 */
@NullMarked
module org.vfio4j.core {
    requires com.google.common;
    requires com.google.guice;
    requires jakarta.inject;
    requires org.objectweb.asm;
    requires org.slf4j;
    requires org.vfio4j.api;
    requires org.vfio4j.ffm;
    requires static org.jspecify;

    opens org.vfio4j.core to
            com.google.guice;
    opens org.vfio4j.core.driver to
            com.google.guice;
    opens org.vfio4j.core.registry to
            com.google.guice;
    opens org.vfio4j.core.tree to
            com.google.guice;
    opens org.vfio4j.core.user to
            com.google.guice;
    opens org.vfio4j.core.vfio to
            com.google.guice;

    uses org.vfio4j.spi.device.BusDriverProvider;
    uses org.vfio4j.spi.host.HostProvider;
    uses org.vfio4j.spi.iommu.IommuBackendProvider;

    provides org.vfio4j.VfioFactory with
            org.vfio4j.core.CoreVfioFactory;
}
