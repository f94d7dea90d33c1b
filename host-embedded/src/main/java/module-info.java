// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * The embedded machine, a host inside this process: PCI, mdev and fsl-mc buses with simulated devices behind a software
 * IOMMU that really translates, described by a file or captured from a real machine.
 *
 * @provides org.vfio4j.exercise.DeviceExercise drivers that make its devices move data
 * @provides org.vfio4j.spi.host.HostProvider the host {@code embedded}
 * @provides org.vfio4j.spi.host.MachineRecorder recordings of the machine this runs on
 */
@NullMarked
module org.vfio4j.host.embedded {
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires org.vfio4j.api;
    requires static org.jspecify;

    uses org.vfio4j.spi.model.DeviceModelProvider;

    provides org.vfio4j.exercise.DeviceExercise with
            org.vfio4j.host.embedded.exercise.EduExercise,
            org.vfio4j.host.embedded.fslmc.DpioExercise,
            org.vfio4j.host.embedded.mdev.SerialExercise;
    provides org.vfio4j.spi.host.HostProvider with
            org.vfio4j.host.embedded.EmbeddedHostProvider;
    provides org.vfio4j.spi.host.MachineRecorder with
            org.vfio4j.host.embedded.capture.SysfsRecorder;
}
