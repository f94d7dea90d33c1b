// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.exercise.DeviceExercise;

/** Shows {@code vfio4j demo} and contract tests how to make an adder move data. */
public final class AdderExercise implements DeviceExercise {
    /** For {@link java.util.ServiceLoader}. */
    public AdderExercise() {}

    @Override
    public String name() {
        return "adder";
    }

    @Override
    public boolean drives(DeviceView device) {
        return device.busDevice() instanceof AdderDevice;
    }

    @Override
    public Session start(Device device) {
        return new AdderSession(device);
    }
}
