// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The {@code vfio4j} command. */
@NullMarked
module org.vfio4j.cli {
    requires org.vfio4j.api;
    requires com.fasterxml.jackson.core;
    requires info.picocli;
    requires org.slf4j;
    requires static org.jspecify;

    opens org.vfio4j.cli to
            info.picocli;

    uses org.vfio4j.ProgramRunner;
    uses org.vfio4j.exercise.DeviceExercise;
    uses org.vfio4j.spi.host.MachineRecorder;
}
