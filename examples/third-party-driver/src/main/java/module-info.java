// SPDX-License-Identifier: Apache-2.0
import com.example.adder.AcmeDriverProvider;
import com.example.adder.AdderExercise;
import com.example.adder.AdderModelProvider;
import org.jspecify.annotations.NullMarked;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.model.DeviceModelProvider;

/** A device that adds numbers, the bus driver for it, and a program that uses it. */
@NullMarked
module com.example.adder {
    requires org.vfio4j.api;
    requires static org.jspecify;

    provides DeviceModelProvider with
            AdderModelProvider;
    provides BusDriverProvider with
            AcmeDriverProvider;
    provides DeviceExercise with
            AdderExercise;
}
