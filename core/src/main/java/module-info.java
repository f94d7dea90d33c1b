// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The VFIO core: what every IOMMU backend, bus driver and host has in common. */
@NullMarked
module org.vfio4j.core {
    requires org.vfio4j.api;
    requires org.vfio4j.ffm;
    requires com.google.common;
    requires com.google.guice;
    requires jakarta.inject;
    requires org.objectweb.asm;
    requires org.slf4j;
    requires static org.jspecify;
}
