// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.device.InfoCapability;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqSet;
import org.vfio4j.uapi.struct.VfioRegionInfo;

class DeviceUapiTest {
    private final CoreWorld world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)));
    private final FakeOps ops =
            world.driver.ops(world.machine.buses().getFirst().devices().getFirst());
    private final RawCalls calls = world.caller();
    private final MemorySegment page = calls.page();
    private final int device = calls.deviceFd(calls.groupWithContainer("/dev/vfio/1", 3), "dev-a");

    @AfterEach
    void close() {
        world.close();
        assertThat(ops.violations).isEmpty();
    }

    private long ioctl(int command) {
        return calls.ioctl(device, command, page.address());
    }

    @Test
    @Spec("C-089")
    void shouldWriteAsMuchInfoAsTheCallerHasRoomFor() {
        VfioDeviceInfo.argsz(page, 15);
        refused(Errno.EINVAL, () -> ioctl(VfioIoctl.VFIO_DEVICE_GET_INFO));
        VfioDeviceInfo.argsz(page, 16);
        page.set(UapiLayouts.U32, 16, 0x55555555);
        ioctl(VfioIoctl.VFIO_DEVICE_GET_INFO);
        assertThat(VfioDeviceInfo.numRegions(page)).isEqualTo(2);
        assertThat(page.get(UapiLayouts.U32, 16)).isEqualTo(0x55555555);
    }

    @Test
    @Spec("C-088")
    void shouldTellHowMuchRoomCapabilitiesNeedAndChainThem() {
        ops.capabilities = List.of(new InfoCapability(3, 1, new byte[0]));
        VfioRegionInfo.argsz(page, 31);
        refused(Errno.EINVAL, () -> ioctl(VfioIoctl.VFIO_DEVICE_GET_REGION_INFO));
        VfioRegionInfo.argsz(page, 32);
        ioctl(VfioIoctl.VFIO_DEVICE_GET_REGION_INFO);
        assertThat(VfioRegionInfo.argsz(page)).isEqualTo(40);
        assertThat(VfioRegionInfo.capOffset(page)).isZero();
        assertThat(VfioRegionInfo.flags(page)).isEqualTo(3 | 8);
        ioctl(VfioIoctl.VFIO_DEVICE_GET_REGION_INFO);
        assertThat(VfioRegionInfo.capOffset(page)).isEqualTo(32);
        assertThat(page.get(UapiLayouts.U16, 32)).isEqualTo((short) 3);
    }

    @Test
    void shouldEchoCapOffsetOfARegionWithoutCapabilities() {
        VfioRegionInfo.argsz(page, 32);
        VfioRegionInfo.capOffset(page, 99);
        ioctl(VfioIoctl.VFIO_DEVICE_GET_REGION_INFO);
        assertThat(VfioRegionInfo.capOffset(page)).isEqualTo(99);
        VfioRegionInfo.index(page, 5);
        refused(Errno.EINVAL, () -> ioctl(VfioIoctl.VFIO_DEVICE_GET_REGION_INFO));
    }

    private long irqs(int argsz, int flags, int index, int start, int count) {
        VfioIrqSet.argsz(page, argsz);
        VfioIrqSet.flags(page, flags);
        VfioIrqSet.index(page, index);
        VfioIrqSet.start(page, start);
        VfioIrqSet.count(page, count);
        return ioctl(VfioIoctl.VFIO_DEVICE_SET_IRQS);
    }

    @Test
    @Spec("C-134")
    void shouldRefuseBadInterruptRequestsAndLeaveActionsToTheDriver() {
        refused(Errno.EINVAL, () -> irqs(19, 0x21, 0, 0, 1));
        refused(Errno.EINVAL, () -> irqs(20, 0x21, 2, 0, 1));
        refused(Errno.EINVAL, () -> irqs(20, 0x21, 0, 1, -2));
        refused(Errno.EINVAL, () -> irqs(20, 0x61, 0, 0, 1));
        refused(Errno.EINVAL, () -> irqs(20, 0x21, 0, 4, 0));
        refused(Errno.EINVAL, () -> irqs(20, 0x21, 0, 3, 2));
        refused(Errno.EINVAL, () -> irqs(20, 0x21, 1, 0, 0));
        refused(Errno.EINVAL, () -> irqs(20, 0x20, 0, 0, 1));
        refused(Errno.EINVAL, () -> irqs(20, 0x23, 0, 0, 1));
        refused(Errno.EINVAL, () -> irqs(21, 0x22, 0, 0, 2));
        refused(Errno.EINVAL, () -> irqs(27, 0x24, 0, 0, 2));
        assertThat(ops.irqSets).isEmpty();
        irqs(20, 0x39, 0, 0, 4);
        assertThat(ops.irqSets.getFirst().actions()).isEqualTo(0x38);
        page.set(UapiLayouts.U8, 20, (byte) 0);
        page.set(UapiLayouts.U8, 21, (byte) 7);
        irqs(22, 0x22, 0, 1, 2);
        assertThat(ops.irqSets.getLast().data()).isEqualTo(new IrqSet.Bools(List.of(false, true)));
    }

    @Test
    void shouldLookEventDescriptorsUpWhenTheirTurnComes() {
        int event = calls.process().eventfd(0);
        page.set(UapiLayouts.S32, 20, event);
        page.set(UapiLayouts.S32, 24, -1);
        page.set(UapiLayouts.S32, 28, 999);
        page.set(UapiLayouts.S32, 32, device);
        irqs(36, 0x24, 0, 0, 4);
        var slots = ((IrqSet.Events) ops.irqSets.getLast().data()).slots();
        assertThat(slots.get(0).event()).isNotNull();
        assertThat(slots.get(1).event()).isNull();
        refused(Errno.EBADF, () -> slots.get(2).event());
        refused(Errno.EINVAL, () -> slots.get(3).event());
    }

    private long feature(int argsz, int flags) {
        VfioDeviceFeature.argsz(page, argsz);
        VfioDeviceFeature.flags(page, flags);
        return ioctl(VfioIoctl.VFIO_DEVICE_FEATURE);
    }

    @Test
    @Spec({"C-090", "C-091", "C-094"})
    void shouldCheckFeatureFlagsBeforeWhetherTheFeatureExists() {
        refused(Errno.EFAULT, () -> calls.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> feature(7, 1 << 16));
        refused(Errno.EINVAL, () -> feature(8, 1 << 19));
        refused(Errno.EINVAL, () -> feature(8, 3 << 16 | 1));
        refused(Errno.ENOTTY, () -> feature(8, 7 << 16 | 1));
        refused(Errno.ENOTTY, () -> feature(16, 1 << 16 | 1));
        refused(Errno.ENOTTY, () -> feature(8, 1 << 18 | 500));
        refused(Errno.EINVAL, () -> feature(8, 1 << 18 | 12));
    }
}
