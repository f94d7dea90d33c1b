// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Lets each step of each path fail in turn and looks at what is left. */
@Timeout(60)
class OpenSequenceTest {
    private final CoreWorld world =
            Worlds.start(OpenSequenceTest::build, VfioOptions.defaults(), Duration.ofSeconds(10));

    private static void build(FakeMachine machine) {
        var group = machine.group(1);
        machine.device("dev-a", group);
        machine.device("dev-b", group);
        machine.device("emu", null).emulated = true;
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    @Spec({"C-039", "C-153"})
    void shouldUndoEachStepOfTheContainerPath() {
        world.machine.buses().getFirst().devices();
        List<String> steps = sweep(calls -> {
            int group = calls.groupWithContainer("/dev/vfio/1", 3);
            calls.deviceFd(group, "dev-a");
        });
        assertThat(steps).containsExactly("claim", "open fake3", "attachGroup 1", "openDevice");
    }

    @Test
    @Spec({"C-039", "C-153"})
    void shouldTakeADeviceOutOfTheBackendWhenItsDriverRefusesToOpen() {
        world.machine
                .buses()
                .getFirst()
                .devices()
                .forEach(device -> world.driver.ops(device).dmaUnmap = (iova, length) -> {});
        List<String> steps = sweep(calls -> {
            int group = calls.groupWithContainer("/dev/vfio/1", 3);
            calls.deviceFd(group, "dev-a");
        });
        assertThat(steps).containsExactly("claim", "open fake3", "attachGroup 1", "registerDevice", "openDevice");
    }

    @Test
    @Spec("C-153")
    void shouldUndoEachStepOfTheGroupPathWithAnIommufd() {
        List<String> steps = sweep(calls -> {
            int group = calls.open("/dev/vfio/1");
            calls.setContainer(group, calls.iommufd());
            calls.deviceFd(group, "dev-a");
        });
        assertThat(steps)
                .containsExactly(
                        "ensureCompatIoas", "retain", "bind dev-a", "claim", "openDevice", "compatIoas", "attach");
    }

    @Test
    @Spec({"C-063", "C-153"})
    void shouldUndoEachStepOfTheNodePath() {
        List<String> steps = sweep(calls -> {
            int file = calls.open("/dev/vfio/devices/vfio0");
            calls.bind(file, calls.iommufd());
        });
        assertThat(steps).containsExactly("retain", "bind dev-a", "claim", "openDevice");
    }

    @Test
    @Spec({"C-084", "C-153"})
    void shouldUndoEachStepForAnEmulatedDeviceAndClaimNothing() {
        List<String> steps = sweep(calls -> {
            int file = calls.open("/dev/vfio/devices/vfio2");
            calls.bind(file, calls.iommufd());
            calls.attach(file, world.iommufd.contexts.getLast().allocateIoas(), 12, 0);
        });
        assertThat(steps).containsExactly("retain", "createAccess", "openDevice", "attach access");
    }

    /**
     * Fails step 1, 2, ... until the scenario succeeds. After each failure the same files are used again without it, so that a
     * wrong count shows, and everything is closed.
     *
     * @return all steps of the scenario
     */
    private List<String> sweep(Consumer<RawCalls> scenario) {
        for (int step = 1; step < 20; step++) {
            var calls = world.caller();
            world.faults.failAt(step);
            boolean failed = false;
            try {
                scenario.accept(calls);
            } catch (VfioException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.EIO);
                failed = true;
            }
            List<String> steps = world.faults.steps();
            world.faults.clear();
            if (failed) {
                calls.process().close();
                world.assertNothingHeld();
                var again = world.caller();
                scenario.accept(again);
                again.process().close();
            } else {
                calls.process().close();
            }
            world.assertNothingHeld();
            for (var device : world.machine.buses().getFirst().devices()) {
                var ops = world.driver.ops(device);
                assertThat(ops.violations).isEmpty();
                assertThat(ops.closes.get()).as("closes of %s", device.name()).isEqualTo(ops.opens.get());
                assertThat(ops.vfioDevice().openCount()).isZero();
            }
            if (!failed) {
                unregisterAll();
                return steps;
            }
        }
        return fail("the scenario never succeeded");
    }

    /** Returns at once only if every registration count is back where it was. */
    private void unregisterAll() {
        for (var device : world.machine.buses().getFirst().devices()) {
            var ops = world.driver.ops(device);
            world.vfio().unbind(device.name());
            assertThat(ops.requests).as("%s had users left", device.name()).isEmpty();
            assertThat(ops.released).isTrue();
        }
    }
}
