// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import org.junit.jupiter.api.Test;
import org.vfio4j.UapiProcess;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;

/** The nodes of core §2: where they are, whose they are, and how they are numbered. */
class DeviceNodesTest {
    private static VirtualTree.Device node(CoreWorld world, String path) {
        return world.vfio()
                .tree()
                .find(path)
                .filter(VirtualTree.Device.class::isInstance)
                .map(VirtualTree.Device.class::cast)
                .orElseThrow(() -> new AssertionError("there is no node " + path));
    }

    @Test
    void shouldShowTheNodesOfTheTableWithTheirModes() {
        try (var world = Worlds.start(machine -> machine.device("dev-a", machine.group(7)))) {
            var container = node(world, "/dev/vfio/vfio");
            assertThat(container.mode()).isEqualTo(0666);
            assertThat(container.major()).isEqualTo(10);
            assertThat(container.minor()).isEqualTo(196);
            assertThat(node(world, "/dev/vfio/7").mode()).isEqualTo(0600);
            assertThat(node(world, "/dev/vfio/devices/vfio0").mode()).isEqualTo(0600);
            assertThat(node(world, "/dev/iommu").mode()).isEqualTo(0660);
            assertThat(world.vfio().tree().find("/dev/vfio"))
                    .hasValueSatisfying(directory -> assertThat(((VirtualTree.Directory) directory).names())
                            .containsExactly("7", "devices", "vfio"));
        }
    }

    @Test
    void shouldNumberGroupNodesFromTheLowestFreeMinor() {
        try (var world = Worlds.start(machine -> {
            machine.device("dev-a", machine.group(7));
            machine.device("dev-b", machine.group(3));
        })) {
            String driver = world.driver.name();
            assertThat(node(world, "/dev/vfio/7").minor()).isZero();
            assertThat(node(world, "/dev/vfio/3").minor()).isOne();
            assertThat(node(world, "/dev/vfio/3").major())
                    .isEqualTo(node(world, "/dev/vfio/7").major());
            world.vfio().unbind("dev-a");
            assertThat(world.vfio().tree().find("/dev/vfio/7")).isEmpty();
            world.vfio().bind("dev-a", driver);
            assertThat(node(world, "/dev/vfio/7").minor()).isZero();
        }
    }

    @Test
    void shouldGiveNoDeviceNodeWithoutIommu() {
        var unsafe = VfioOptions.defaults().with("core.enable_unsafe_noiommu_mode", "true");
        try (var world = Worlds.start(machine -> machine.device("dev-a", null), unsafe, CoreSettings.REQUEST_PERIOD)) {
            int number = world.vfio().device("dev-a").group().orElseThrow();
            assertThat(node(world, "/dev/vfio/noiommu-" + number).mode()).isEqualTo(0600);
            assertThat(world.vfio().tree().find("/dev/vfio/" + number)).isEmpty();
            assertThat(world.vfio().tree().find("/dev/vfio/devices/vfio0")).isEmpty();
        }
    }

    @Test
    void shouldRefuseToOpenWhatIsNoNode() {
        try (var world = Worlds.start(machine -> {})) {
            var caller = world.caller();
            refused(Errno.ENOENT, () -> caller.open("/dev/vfio/7"));
            refused(Errno.ENOENT, () -> caller.open("/dev/vfio/07"));
            refused(Errno.ENOENT, () -> caller.open("/dev/vfio/vfio/0"));
            refused(Errno.EISDIR, () -> caller.process().open("/dev/vfio", UapiProcess.O_RDONLY));
        }
    }
}
