// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The VFIO bus driver for the fsl-mc bus.
 *
 * @provides org.vfio4j.spi.device.BusDriverProvider the driver {@code vfio-fsl-mc}
 */
@NullMarked
module org.vfio4j.drivers.fslmc {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;

    provides org.vfio4j.spi.device.BusDriverProvider with
            org.vfio4j.drivers.fslmc.VfioFslMcProvider;
}
