// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.reflect.Modifier;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.core.vfio.ContainerBackends;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;

/** Allocation that fails, files that mappings keep open, and what files cannot do. Spec: core §0, §2.1, §9.1, GR-21. */
@Timeout(60)
class LifetimeTest {
    private static final String GROUP = "/dev/vfio/1";

    private final Object bus = new Object();
    private final CoreWorld world = Worlds.start(machine -> {
        var group = machine.group(1);
        machine.device("dev-a", group, bus);
        machine.device("dev-b", group, bus);
    });
    private final RawCalls calls = world.caller();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec("C-132")
    void shouldLeaveNothingOfADeviceWhoseInitFails() {
        world.vfio().unbind("dev-b");
        var members = world.ops(world.machine.find("dev-a")).vfioDevice().deviceSet();
        var failed = new FakeOps[1];
        var memberDuringInit = new int[1];
        world.driver.preparing = ops -> {
            failed[0] = ops;
            ops.initially = device -> {
                device.assignDeviceSet(bus);
                memberDuringInit[0] = count(device.deviceSet());
                throw new VfioException(Errno.ENOMEM, "init fails by plan");
            };
        };
        refused(Errno.ENOMEM, () -> world.vfio().bind("dev-b", FakeDriver.NAME));
        assertThat(memberDuringInit[0]).as("members inside init").isEqualTo(2);
        assertThat(count(members)).as("members afterwards").isEqualTo(1);
        assertThat(Objects.requireNonNull(failed[0]).released)
                .as("release called")
                .isFalse();
        world.driver.preparing = ops -> {};
        world.vfio().bind("dev-b", FakeDriver.NAME);
        assertThat(world.vfio().device("dev-b").index())
                .as("the index is free again")
                .hasValue(1);
    }

    private static int count(org.vfio4j.spi.device.DeviceSet set) {
        set.lock().lock();
        try {
            return set.members().size();
        } finally {
            set.lock().unlock();
        }
    }

    @Test
    @Spec("C-130")
    void shouldNotRegisterADeviceTwice() {
        var environment = Objects.requireNonNull(world.driver.environment);
        var device = world.machine.find("dev-a");
        var again = environment.allocate(device, world.ops(device));
        assertThat(refused(Errno.EINVAL, again::register).rule()).hasValue("DR-5");
        again.put();
    }

    @Test
    @Spec("C-029")
    void shouldKeepTheGroupUntilTheLastMappingIsGone() {
        int group = calls.groupWithContainer(GROUP, 3);
        int device = calls.deviceFd(group, "dev-a");
        var ops = world.ops(world.machine.find("dev-a"));
        var mapping = calls.process().mmap(device, 0, 4096, 1, true);
        calls.close(group);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        calls.close(device);
        assertThat(ops.closes).as("closes while a mapping exists").hasValue(0);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        assertThat(world.machine.findGroup(1).ownerCount()).isEqualTo(1);
        mapping.close();
        assertThat(ops.closes).hasValue(1);
        assertThat(world.machine.findGroup(1).ownerCount()).isZero();
        calls.close(calls.open(GROUP));
    }

    @Test
    @Spec("C-017")
    void shouldHaveNoPositionToMove() {
        int group = calls.groupWithContainer(GROUP, 3);
        int[] files = {calls.container(), group, calls.deviceFd(group, "dev-a"), calls.open("/dev/vfio/devices/vfio1")};
        for (int file : files) {
            for (int whence = 0; whence <= 2; whence++) {
                int how = whence;
                refused(Errno.ESPIPE, () -> calls.process().lseek(file, 0, how));
            }
            refused(Errno.EINVAL, () -> calls.process().lseek(file, 0, 9));
        }
        refused(Errno.EBADF, () -> calls.process().lseek(999, 0, 0));
    }

    @Test
    @Spec("C-018")
    void shouldRegisterABackendOnceAndWithBothEndsOfItsDeviceList() throws Exception {
        var backends = new ContainerBackends();
        var entry = new ContainerBackends.Entry("fake3", world.backend, false);
        backends.register(entry);
        assertThat(refused(Errno.EINVAL, () -> backends.register(entry)).rule()).hasValue("CT-8");
        assertThat(backends.entries()).containsExactly(entry);
        for (String end : new String[] {"registerDevice", "unregisterDevice"}) {
            int modifiers =
                    IommuBackend.class.getMethod(end, DmaUnmapListener.class).getModifiers();
            assertThat(Modifier.isAbstract(modifiers))
                    .as("%s has no default, so that a backend with the other one alone does not compile", end)
                    .isTrue();
        }
    }

    @Test
    @Spec("C-096")
    void shouldTellTheDevicesPathInFdinfo() {
        int group = calls.groupWithContainer(GROUP, 3);
        int[] files = {calls.deviceFd(group, "dev-a"), calls.open("/dev/vfio/devices/vfio0")};
        for (int file : files) {
            assertThat(fdinfo(file)).isEqualTo("vfio-device-syspath: /sys/devices/fixture/dev-a\n");
        }
        calls.close(files[0]);
        calls.close(group);
        calls.bind(files[1], calls.iommufd());
        assertThat(fdinfo(files[1])).isEqualTo("vfio-device-syspath: /sys/devices/fixture/dev-a\n");
        assertThat(fdinfo(calls.container())).isEmpty();
    }

    private String fdinfo(int fd) {
        try (var reference = calls.process().files().get(fd)) {
            return reference.file().fdinfo();
        }
    }

    @Test
    @Spec("C-139")
    void shouldTellOpenDevicesWithTheCallbackOnlyAboutUnmaps() {
        var first = world.ops(world.machine.find("dev-a"));
        var second = world.ops(world.machine.find("dev-b"));
        first.dmaUnmap = (iova, length) -> {};
        int group = calls.groupWithContainer(GROUP, 3);
        int one = calls.deviceFd(group, "dev-a");
        int two = calls.deviceFd(group, "dev-b");
        assertThat(world.backend.listeners)
                .as("listed devices: open ones that have the callback")
                .containsExactly(Objects.requireNonNull(first.dmaUnmap));
        assertThat(second.vfioDevice().openCount()).isEqualTo(1);
        int shared = calls.deviceFd(group, "dev-a");
        assertThat(world.backend.listeners).hasSize(1);
        calls.close(one);
        assertThat(world.backend.listeners).hasSize(1);
        calls.close(shared);
        assertThat(world.backend.listeners).isEmpty();
        calls.close(two);
        refused(Errno.ENOTTY, () -> calls.ioctl(group, VfioIoctl.VFIO_DEVICE_GET_INFO, 0));
    }
}
