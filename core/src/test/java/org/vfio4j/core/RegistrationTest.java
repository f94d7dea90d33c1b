// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;

class RegistrationTest {
    private final Object bus = new Object();
    private final CoreWorld world = Worlds.start(this::build);

    private void build(FakeMachine machine) {
        var group = machine.group(1);
        machine.device("dev-a", group, bus);
        machine.device("dev-b", group, bus);
        machine.device("dev-c", machine.group(2));
        machine.device("alone", null);
        machine.device("emu", null).emulated = true;
    }

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
        assertThat(world.machine.privateGroups()).as("private groups left").isZero();
        assertThat(world.driver.closed).isTrue();
        assertThat(world.machine.closed()).isTrue();
    }

    @Test
    @Spec("C-121")
    void shouldGiveTheLowestFreeIndex() {
        assertThat(world.vfio().device("dev-c").index()).hasValue(2);
        world.vfio().unbind("dev-b");
        world.vfio().unbind("dev-a");
        world.vfio().bind("dev-b", FakeDriver.NAME);
        assertThat(world.vfio().device("dev-b").index()).hasValue(0);
        assertThat(world.vfio().device("vfio0").name()).isEqualTo("dev-b");
    }

    @Test
    @Spec("C-131")
    void shouldShareTheSetOfAKey() {
        var set = world.driver.ops(device("dev-a")).vfioDevice().deviceSet();
        assertThat(world.driver.ops(device("dev-b")).vfioDevice().deviceSet()).isSameAs(set);
        assertThat(world.driver.ops(device("dev-c")).vfioDevice().deviceSet()).isNotSameAs(set);
        set.lock().lock();
        try {
            assertThat(set.members())
                    .extracting(member -> member.busDevice().name())
                    .containsExactly("dev-a", "dev-b");
            assertThat(set.openCount()).isZero();
        } finally {
            set.lock().unlock();
        }
    }

    private BusDevice device(String name) {
        return world.vfio().device(name).busDevice();
    }

    @Test
    @Spec("C-130")
    void shouldRefuseDevicesWithoutWhatVfioNeeds() {
        refused(Errno.EINVAL, () -> world.vfio().bind("alone", FakeDriver.NAME));
        world.vfio().unbind("dev-c");
        world.driver.withIommufd.set(false);
        refused(Errno.EINVAL, () -> world.vfio().bind("dev-c", FakeDriver.NAME));
        world.driver.withIommufd.set(true);
        var device = (FakeDevice) device("dev-c");
        device.coherent = false;
        refused(Errno.EINVAL, () -> world.vfio().bind("dev-c", FakeDriver.NAME));
        refused(Errno.ENOENT, () -> world.caller().open("/dev/vfio/2"));
        device.coherent = true;
        world.vfio().bind("dev-c", FakeDriver.NAME);
        assertThat(world.vfio().device("dev-c").index()).hasValue(2);
    }

    @Test
    @Spec({"C-013", "C-014", "C-016", "C-040"})
    void shouldUseDevicesWithoutIommuInTheUnsafeModeOnly() {
        var unsafe = VfioOptions.defaults().with("core.enable_unsafe_noiommu_mode", "true");
        try (var other = Worlds.start(this::build, unsafe, Duration.ofSeconds(10))) {
            int number = other.vfio().device("alone").group().getAsInt();
            String path = "/dev/vfio/noiommu-" + number;
            refused(Errno.ENOENT, () -> other.caller().open("/dev/vfio/" + number));
            refused(
                    Errno.EPERM,
                    () -> other.caller(ProcessOptions.user(1000, Long.MAX_VALUE))
                            .open(path));
            var root = other.caller();
            int index = other.vfio().device("alone").index().getAsInt();
            refused(Errno.ENOENT, () -> root.open("/dev/vfio/devices/vfio" + index));
            int group = root.open(path);
            int container = root.container();
            root.setContainer(group, container);
            assertThat(root.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 3)).isZero();
            assertThat(root.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 8)).isEqualTo(1);
            refused(Errno.EPERM, () -> root.setContainer(root.open("/dev/vfio/1"), container));
            refused(Errno.ENODEV, () -> root.setIommu(container, 3));
            root.setIommu(container, 8);
            refused(Errno.ENOTTY, () -> root.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, 0));
            assertThat(root.deviceFd(group, "alone")).isPositive();
        }
    }

    @Test
    void shouldFollowHotPlug() {
        var plugged = world.machine.plug("dev-new", world.machine.group(9));
        assertThat(world.vfio().device("dev-new").driver()).contains(FakeDriver.NAME);
        world.machine.unplug(plugged);
        refused(Errno.ENODEV, () -> world.vfio().device("dev-new"));
    }

    @Test
    void shouldNameWhatIsKnownWhenSomethingIsNot() {
        assertThat(refused(Errno.ENODEV, () -> world.vfio().bind("dev-a", "vfio-none")))
                .hasMessageContaining("vfio-fixture")
                .hasMessageContaining("nvme");
        assertThat(refused(Errno.ENODEV, () -> world.vfio().device("dev-d"))).hasMessageContaining("dev-a");
        assertThat(refused(Errno.EBUSY, () -> world.vfio().bind("dev-a", FakeMachine.NATIVE_DRIVER)))
                .hasMessageContaining("vfio-fixture has dev-a");
    }
}
