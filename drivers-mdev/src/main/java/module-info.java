// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The VFIO bus driver for mediated devices. */
@NullMarked
module org.vfio4j.drivers.mdev {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;
}
