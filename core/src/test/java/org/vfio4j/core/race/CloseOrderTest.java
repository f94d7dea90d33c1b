// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.core.Worlds;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A container, a group, a device and a mapping of it, closed in each of the 24 orders. */
@Timeout(60)
class CloseOrderTest {
    private static final String GROUP = "/dev/vfio/1";

    enum Part {
        CONTAINER,
        GROUP,
        DEVICE,
        MAPPING
    }

    static Stream<List<Part>> orders() {
        return orders(List.of(Part.values())).stream();
    }

    private static List<List<Part>> orders(List<Part> parts) {
        if (parts.isEmpty()) {
            return List.of(List.of());
        }
        List<List<Part>> all = new ArrayList<>();
        for (var first : parts) {
            var others = new ArrayList<>(parts);
            others.remove(first);
            for (var rest : orders(others)) {
                var order = new ArrayList<Part>();
                order.add(first);
                order.addAll(rest);
                all.add(order);
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("orders")
    @Spec({"C-029", "C-120"})
    void shouldLeaveNothingBehindWithAContainer(List<Part> order) {
        close(order, false);
    }

    @ParameterizedTest
    @MethodSource("orders")
    @Spec("C-120")
    void shouldLeaveNothingBehindWithAnIommufd(List<Part> order) {
        close(order, true);
    }

    private static void close(List<Part> order, boolean withIommufd) {
        try (var world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)))) {
            var calls = world.caller();
            var ops = world.ops(world.machine.find("dev-a"));
            int container = withIommufd ? calls.iommufd() : calls.container();
            int group = calls.open(GROUP);
            calls.setContainer(group, container);
            if (!withIommufd) {
                calls.setIommu(container, 3);
            }
            int device = calls.deviceFd(group, "dev-a");
            UapiMapping mapping = calls.process().mmap(device, 0x1000, 4096, 1, true);
            List<Part> open = new ArrayList<>(order);
            for (var part : order) {
                switch (part) {
                    case CONTAINER -> calls.close(container);
                    case GROUP -> calls.close(group);
                    case DEVICE -> calls.close(device);
                    case MAPPING -> mapping.close();
                }
                open.remove(part);
                boolean deviceOpen = open.contains(Part.DEVICE) || open.contains(Part.MAPPING);
                assertThat(ops.closes.get())
                        .as("closes of the device while %s are open", open)
                        .isEqualTo(deviceOpen ? 0 : 1);
                // The mapping and the descriptor keep the device, the device keeps a container and its group.
                boolean owned = deviceOpen || (!withIommufd && open.contains(Part.GROUP));
                assertThat(world.machine.findGroup(1).ownerCount())
                        .as("owners while %s are open", open)
                        .isEqualTo(owned ? 1 : 0);
                boolean groupOpen = open.contains(Part.GROUP) || (!withIommufd && deviceOpen);
                assertThat(canOpenGroup(calls))
                        .as("group can be opened while %s are open", open)
                        .isEqualTo(!groupOpen);
            }
            world.assertNothingHeld();
            assertThat(ops.violations).isEmpty();
            assertThat(ops.opens).hasValue(1);
            assertThat(ops.mappings).as("mappings of the driver").hasValue(0);
            world.vfio().unbind("dev-a");
            assertThat(ops.requests).as("the device had users left").isEmpty();
        }
    }

    private static boolean canOpenGroup(RawCalls calls) {
        try {
            calls.close(calls.open(GROUP));
            return true;
        } catch (VfioException e) {
            assertThat(e.errno()).isEqualTo(Errno.EBUSY);
            return false;
        }
    }
}
