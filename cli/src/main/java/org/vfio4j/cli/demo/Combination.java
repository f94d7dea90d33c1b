// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.demo;

import java.util.Optional;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.OpenOptions;
import org.vfio4j.exercise.DeviceExercise;

/**
 * One thing to try: a device, opened in one way through one backend.
 *
 * @param backend name of the backend
 * @param way short name of the way, for example {@code type1v2 group}
 * @param options the way
 * @param device the device
 * @param group the device's group
 * @param exercise what drives the device; empty only when it must be refused
 * @param refusal what VFIO must answer instead of opening it; empty when it must work
 */
public record Combination(
        String backend,
        String way,
        OpenOptions options,
        DeviceView device,
        GroupView group,
        Optional<DeviceExercise> exercise,
        Optional<ExpectedRefusal> refusal) {
    /** The combination for people. */
    public String label() {
        return way + " × " + device.bus() + " " + device.name();
    }
}
