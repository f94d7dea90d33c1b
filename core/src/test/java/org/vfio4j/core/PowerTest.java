// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.device.PowerOps;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceInfo;

/** What the core asks of a driver around calls of a granted file. Spec: core DF-1, DF-2. */
class PowerTest {
    private static final int UNKNOWN = 0x3bff;

    private final CoreWorld world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)));
    private final RawCalls calls = world.caller();
    private final AtomicInteger held = new AtomicInteger();
    private final AtomicInteger wakes = new AtomicInteger();
    private volatile boolean dead;

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private final class Power implements PowerOps {
        @Override
        public void get() {
            wakes.incrementAndGet();
            if (dead) {
                throw new VfioException(Errno.ENODEV, "the link is down");
            }
            held.incrementAndGet();
        }

        @Override
        public void put() {
            held.decrementAndGet();
        }
    }

    private FakeOps rebind(java.util.function.Consumer<FakeOps> preparing) {
        world.vfio().unbind("dev-a");
        world.driver.preparing = preparing;
        world.vfio().bind("dev-a", FakeDriver.NAME);
        return world.ops(world.machine.find("dev-a"));
    }

    private long info(int file) {
        VfioDeviceInfo.argsz(calls.page(), VfioDeviceInfo.SIZEOF);
        return calls.ioctl(file, VfioIoctl.VFIO_DEVICE_GET_INFO, calls.page().address());
    }

    @Test
    @Spec("C-087")
    void shouldHoldPowerDuringEveryIoctlButBind() {
        var ops = rebind(prepared -> prepared.power = new Power());
        int file = calls.open("/dev/vfio/devices/vfio0");
        refused(Errno.EINVAL, () -> info(file));
        int iommufd = calls.iommufd();
        dead = true;
        calls.bind(file, iommufd);
        assertThat(wakes).as("wake-ups by BIND and by calls while parked").hasValue(0);
        dead = false;
        ops.capabilities = java.util.List.of();
        assertThat(info(file)).isZero();
        assertThat(wakes).hasValue(1);
        refused(Errno.ENOTTY, () -> calls.ioctl(file, UNKNOWN, 0));
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_FEATURE, RawCalls.NOWHERE));
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, RawCalls.NOWHERE));
        assertThat(wakes).as("wake-ups by refused calls too").hasValue(4);
        assertThat(held).as("power held between calls").hasValue(0);
    }

    @Test
    @Spec("C-087")
    void shouldAnswerEioForADeviceThatDoesNotWake() {
        rebind(prepared -> prepared.power = new Power());
        int file = calls.open("/dev/vfio/devices/vfio0");
        calls.bind(file, calls.iommufd());
        dead = true;
        int[] commands = {
            VfioIoctl.VFIO_DEVICE_GET_INFO,
            VfioIoctl.VFIO_DEVICE_GET_REGION_INFO,
            VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO,
            VfioIoctl.VFIO_DEVICE_SET_IRQS,
            VfioIoctl.VFIO_DEVICE_RESET,
            VfioIoctl.VFIO_DEVICE_FEATURE,
            VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT,
            VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT,
            UNKNOWN
        };
        for (int command : commands) {
            var refusal = refused(Errno.EIO, () -> calls.ioctl(file, command, RawCalls.NOWHERE));
            assertThat(refusal).hasMessageContaining("the link is down");
        }
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, RawCalls.NOWHERE));
        assertThat(calls.process().pread(file, calls.page().address(), 4, 0x1000))
                .as("reads take no power from the core")
                .isEqualTo(4);
        assertThat(held).hasValue(0);
    }

    @Test
    @Spec("C-086")
    void shouldAnswerEinvalForWhatADriverLacks() {
        rebind(prepared -> prepared.bare = true);
        int file = calls.deviceFd(calls.groupWithContainer("/dev/vfio/1", 3), "dev-a");
        long address = calls.page().address();
        refused(Errno.EINVAL, () -> calls.process().pread(file, address, 4, 0x1000));
        refused(Errno.EINVAL, () -> calls.process().pwrite(file, address, 4, 0x1000));
        refused(Errno.EINVAL, () -> calls.process().mmap(file, 0, 4096, 1, true));
        refused(Errno.EINVAL, () -> info(file));
        refused(Errno.EINVAL, () -> calls.ioctl(file, UNKNOWN, 0));
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_FEATURE, RawCalls.NOWHERE));
    }
}
