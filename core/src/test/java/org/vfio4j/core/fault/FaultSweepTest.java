// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vfio4j.core.Worlds;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.FaultyCaller;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Lets the first, second, third ... step of each operation fail: all counts stay, and the operation succeeds afterwards. */
@Timeout(120)
class FaultSweepTest {
    private static void build(FakeMachine machine) {
        var group = machine.group(1);
        machine.device("dev-a", group);
        machine.device("dev-b", group);
        machine.device("dev-c", machine.group(2));
        machine.device("emu", null).emulated = true;
    }

    @ParameterizedTest
    @EnumSource
    @Spec("C-153")
    void shouldChangeNothingWhenAStepIsRefused(Operation operation) {
        for (int step = 1; step <= operation.steps().size(); step++) {
            fail(operation, step, false);
        }
    }

    /** An allocation can fail anywhere, and not with an errno. */
    @ParameterizedTest
    @EnumSource
    @Spec("C-153")
    void shouldChangeNothingWhenAStepRunsOutOfMemory(Operation operation) {
        for (int step = 1; step <= operation.steps().size(); step++) {
            fail(operation, step, true);
        }
    }

    private static void fail(Operation operation, int step, boolean outOfMemory) {
        var name = "%s with a failing step %d (%s)"
                .formatted(operation, step, operation.steps().get(step - 1));
        try (var world = Worlds.start(FaultSweepTest::build)) {
            var calls = world.caller();
            var run = operation.prepare(world, calls, new FaultyCaller(calls.process(), world.faults));
            var before = Snapshot.of(world, calls.process());
            if (outOfMemory) {
                world.faults.runOutOfMemoryAt(step);
            } else {
                world.faults.failAt(step);
            }
            var thrown = catchThrowable(run::run);
            world.faults.clear();
            if (outOfMemory) {
                assertThat(thrown).as(name).isInstanceOf(OutOfMemoryError.class);
            } else {
                assertThat(thrown)
                        .as(name)
                        .isInstanceOfSatisfying(
                                VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
            }
            assertThat(world.faults.steps())
                    .as("steps of %s", name)
                    .isEqualTo(operation.steps().subList(0, step));
            assertThat(Snapshot.of(world, calls.process())).as(name).isEqualTo(before);
            world.faults.failAt(Integer.MAX_VALUE);
            run.run();
            world.faults.clear();
            assertThat(world.faults.steps()).as("steps of %s", operation).isEqualTo(operation.steps());
            calls.process().close();
            requireNothingHeld(world, name);
        }
    }

    private static void requireNothingHeld(CoreWorld world, String name) {
        world.assertNothingHeld();
        for (var device : world.machine.buses().getFirst().devices()) {
            var ops = world.driver.ops(device);
            assertThat(ops.violations).as(name).isEmpty();
            assertThat(ops.closes.get())
                    .as("closes of %s after %s", device.name(), name)
                    .isEqualTo(ops.opens.get());
            // Returns without asking anybody only if the registration count is where it was.
            world.vfio().unbind(device.name());
            assertThat(ops.requests)
                    .as("%s had users left after %s", device.name(), name)
                    .isEmpty();
        }
    }
}
