// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.UapiProcess;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioMigration;

/** The core's part of {@code /sys}, and what {@code /proc} tells of device files: NA-1 to NA-4. */
class VirtualTreeTest {
    private static final String DEVICE = "/sys/devices/fixture/dev-a";
    private static final String DEBUG = "/sys/kernel/debug/vfio/dev-a";
    private static final String BIND = "/sys/bus/fixture/drivers/" + FakeDriver.NAME + "/bind";
    private static final String UNBIND = "/sys/bus/fixture/drivers/" + FakeDriver.NAME + "/unbind";
    private static final int WRITE_ONLY = 1;

    private final CoreWorld world = Worlds.start(
            machine -> {
                var first = machine.device("dev-a", machine.group(1));
                first.migrationFlags = VfioMigration.VFIO_MIGRATION_STOP_COPY | VfioMigration.VFIO_MIGRATION_PRE_COPY;
                machine.device("dev-b", null);
            },
            VfioOptions.defaults().with("core.enable_unsafe_noiommu_mode", "true"),
            CoreSettings.REQUEST_PERIOD);
    private final RawCalls calls = world.caller();
    private final VirtualTree tree = world.vfio().tree();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private String text(String path) {
        return tree.resolve(path)
                .filter(VirtualTree.Attribute.class::isInstance)
                .map(VirtualTree.Attribute.class::cast)
                .map(attribute -> new String(attribute.read(), StandardCharsets.US_ASCII))
                .orElseThrow(() -> new AssertionError("there is no attribute " + path));
    }

    private void write(String path, String text) {
        int fd = calls.process().open(path, WRITE_ONLY);
        try {
            var page = calls.page();
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < bytes.length; i++) {
                page.set(ValueLayout.JAVA_BYTE, i, bytes[i]);
            }
            assertThat(calls.process().write(fd, page.address(), bytes.length)).isEqualTo(bytes.length);
        } finally {
            calls.close(fd);
        }
    }

    private String fdinfo(int fd) {
        try (var file = calls.process().files().get(fd)) {
            return file.file().fdinfo();
        }
    }

    @Test
    void shouldShowADeviceWithoutIommuButNoNumbersOfIt() {
        assertThat(tree.find("/sys/devices/fixture/dev-a/vfio-dev/vfio0/dev")).isPresent();
        assertThat(tree.find("/sys/devices/fixture/dev-b/vfio-dev/vfio1")).isPresent();
        assertThat(tree.find("/sys/devices/fixture/dev-b/vfio-dev/vfio1/dev")).isEmpty();
        assertThat(tree.resolve("/sys/class/vfio-dev/vfio1/device/subsystem/devices"))
                .isPresent();
        assertThat(tree.find("/dev/vfio/devices/vfio1")).isEmpty();
        int group = world.vfio().device("dev-b").group().orElseThrow();
        assertThat(tree.find("/sys/class/vfio/noiommu-" + group)).isPresent();
        assertThat(text("/sys/kernel/iommu_groups/" + group + "/name")).isEqualTo("vfio-noiommu\n");
        assertThat(text("/sys/kernel/iommu_groups/" + group + "/type")).isEqualTo("unknown\n");
    }

    @Test
    @Spec("C-096")
    void shouldTellTheDevicesPathOfBothKindsOfFile() {
        String line = "vfio-device-syspath: " + DEVICE + "\n";
        int parked = calls.open("/dev/vfio/devices/vfio0");
        assertThat(fdinfo(parked)).as("parked").isEqualTo(line);
        calls.bind(parked, calls.iommufd());
        assertThat(fdinfo(parked)).as("bound").isEqualTo(line);
        calls.close(parked);
        int group = calls.groupWithContainer("/dev/vfio/1", 3);
        assertThat(fdinfo(calls.deviceFd(group, "dev-a")))
                .as("of the group path")
                .isEqualTo(line);
        calls.process().close();
    }

    @Test
    @Spec("C-111")
    void shouldFollowTheMigrationStateInDebugfs() {
        var migration =
                world.ops((FakeDevice) world.vfio().device("dev-a").busDevice()).migrationDriver();
        assertThat(text(DEBUG + "/migration/state")).isEqualTo("RUNNING\n");
        migration.setState(VfioMigration.VFIO_DEVICE_STATE_STOP);
        assertThat(text(DEBUG + "/migration/state")).isEqualTo("STOP\n");
        assertThat(text(DEBUG + "/migration/features")).isEqualTo("stop-copy\npre-copy\n");
        assertThat(tree.find("/sys/kernel/debug/vfio/dev-b/migration")).isEmpty();
        world.vfio().unbind("dev-a");
        assertThat(tree.find(DEBUG)).isEmpty();
    }

    @Test
    void shouldSwitchTheUnsafeModeWhileItRuns() {
        String parameter = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
        assertThat(text(parameter)).isEqualTo("Y\n");
        write(UNBIND, "dev-b\n");
        write(parameter, "N\n");
        refused(Errno.EINVAL, () -> write(BIND, "dev-b"));
        write(parameter, "on");
        write(BIND, "dev-b");
        assertThat(tree.find("/sys/devices/fixture/dev-b/vfio-dev/vfio1")).isPresent();
        refused(Errno.EINVAL, () -> write(parameter, "perhaps"));
    }

    @Test
    void shouldRefuseToBindAndUnbindAsTheKernelDoes() {
        refused(Errno.EBUSY, () -> write(BIND, "dev-a"));
        refused(Errno.ENODEV, () -> write(BIND, "dev-z"));
        refused(Errno.ENODEV, () -> write("/sys/bus/fixture/drivers/nvme/unbind", "dev-a"));
        write(UNBIND, "dev-a");
        refused(Errno.ENODEV, () -> write(UNBIND, "dev-a"));
        assertThat(tree.find(DEVICE + "/driver")).isEmpty();
        assertThat(tree.find(DEVICE + "/vfio-dev")).isEmpty();
        assertThat(tree.find("/sys/class/vfio/1")).isEmpty();
        write("/sys/bus/fixture/drivers_probe", "dev-a");
        assertThat(text(DEVICE + "/uevent")).startsWith("DRIVER=" + FakeDriver.NAME + "\n");
        refused(Errno.EACCES, () -> calls.process().open(BIND, UapiProcess.O_RDONLY));
        refused(Errno.EACCES, () -> calls.open(DEVICE + "/vfio-dev/vfio0/dev"));
    }

    @Test
    void shouldLeaveDevicesAloneThatAppearWhileProbingIsOff() {
        write("/sys/bus/fixture/drivers_autoprobe", "0");
        world.machine.plug("dev-c", world.machine.findGroup(1));
        assertThat(tree.find("/sys/devices/fixture/dev-c/driver")).isEmpty();
        write("/sys/bus/fixture/drivers_probe", "dev-c");
        assertThat(tree.find("/sys/devices/fixture/dev-c/driver")).isPresent();
        assertThat(tree.resolve("/sys/kernel/iommu_groups/1/devices/dev-c/driver/dev-c/uevent"))
                .isPresent();
    }

    @Test
    void shouldLookDevicesUpWithoutAskingAllOthers() {
        var other = (FakeDevice) world.vfio().device("dev-b").busDevice();
        assertThat(tree.find(DEVICE + "/uevent")).isPresent();
        int before = other.pathQuestions.get();
        for (int i = 0; i < 10; i++) {
            assertThat(tree.find(DEVICE + "/vfio-dev/vfio0/dev")).isPresent();
            assertThat(tree.find("/sys/devices/virtual/vfio/1/uevent")).isPresent();
        }
        assertThat(other.pathQuestions)
                .as("questions to a device that was not meant")
                .hasValue(before);
        var plugged = world.machine.plug("dev-c", world.machine.findGroup(1));
        assertThat(tree.find("/sys/devices/fixture/dev-c/uevent")).isPresent();
        world.machine.unplug(plugged);
        assertThat(tree.find("/sys/devices/fixture/dev-c")).isEmpty();
        assertThat(tree.find(DEVICE)).isPresent();
    }

    @Test
    void shouldFollowLinksAndStopAtWhatIsNoDirectory() {
        assertThat(tree.find("/sys/bus/fixture/devices/dev-a"))
                .hasValueSatisfying(link ->
                        assertThat(((VirtualTree.Link) link).target()).isEqualTo("../../../devices/fixture/dev-a"));
        assertThat(tree.find("/sys/bus/fixture/devices/dev-a/uevent")).isEmpty();
        assertThat(tree.resolve("/sys/bus/fixture/devices/dev-a/./uevent")).isPresent();
        assertThat(tree.resolve("/sys/bus/fixture/devices/../drivers/../../../../dev/vfio/vfio"))
                .containsInstanceOf(VirtualTree.Device.class);
        assertThat(tree.resolve("/sys/bus/fixture/devices/dev-a/uevent/more")).isEmpty();
        refused(Errno.EINVAL, () -> tree.find("sys"));
        assertThat(tree.roots())
                .contains("/dev/vfio", "/sys/bus/fixture", "/sys/class/vfio", "/sys/devices/fixture")
                .doesNotContain("/sys", "/sys/devices", "/sys/devices/virtual", "/dev");
    }
}
