// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqInfo;
import org.vfio4j.uapi.struct.VfioIrqSet;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** The calls every PCI function answers: information, interrupts, features, access. Spec: pci §4 to §8, §12, §16. */
class PciConformanceTest extends PciTestCase {
    private static final String CARD = "0000:01:00.0";
    private static final int UNKNOWN = 0x3bff;
    private static final int EVENTFD = VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int NONE = VfioIrq.VFIO_IRQ_SET_DATA_NONE;
    private static final int BOOL = VfioIrq.VFIO_IRQ_SET_DATA_BOOL;
    private static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int EDU_RAISE = 0x60;

    private MemorySegment infoArgument(int argsz) {
        var info = program.argument(64).fill((byte) 0x5a);
        VfioDeviceInfo.argsz(info, argsz);
        return info;
    }

    private long info(long device, MemorySegment argument) {
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, argument);
    }

    private MemorySegment irqInfo(int argsz, int index) {
        var info = program.argument(VfioIrqInfo.SIZEOF);
        VfioIrqInfo.argsz(info, argsz);
        VfioIrqInfo.index(info, index);
        return info;
    }

    private long setIrqs(long device, int argsz, int flags, int index, int start, int count) {
        var set = program.argument(64);
        VfioIrqSet.argsz(set, argsz);
        VfioIrqSet.flags(set, flags);
        VfioIrqSet.index(set, index);
        VfioIrqSet.start(set, start);
        VfioIrqSet.count(set, count);
        set.asSlice(VfioIrqSet.SIZEOF).fill((byte) -1);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set);
    }

    private long feature(long device, int argsz, int flags, int... data) {
        var feature = program.argument(64);
        VfioDeviceFeature.argsz(feature, argsz);
        VfioDeviceFeature.flags(feature, flags);
        for (int i = 0; i < data.length; i++) {
            feature.set(ValueLayout.JAVA_INT, VfioDeviceFeature.SIZEOF + 4L * i, data[i]);
        }
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, feature);
    }

    @Test
    @Spec("P-021")
    void shouldDoNothingBeforeItsFileIsBound() {
        long parked = program.open(nodePath(EDU));
        refused("GET_INFO", info(parked, infoArgument(VfioDeviceInfo.SIZEOF)), Errno.EINVAL);
        refused("pread", system.pread(parked, system.memory(4), 0), Errno.EINVAL);
        refused("mmap", system.mmap(parked, 0, 4096), Errno.EINVAL);
        refused("an unknown ioctl", system.ioctl(parked, UNKNOWN, 0), Errno.EINVAL);
    }

    @Test
    @Spec("P-026")
    void shouldStayOpenAsLongAsOneOfItsFilesIs() {
        var edu = openByGroup(EDU);
        long second = deviceFd(edu.group(), EDU);
        write(edu.device(), CONFIG, 4, 2, 6);
        long event = signalledBy(edu.device(), VfioPci.VFIO_PCI_MSI_IRQ_INDEX);
        require("close", system.close(edu.device()));
        write(second, BAR0, EDU_RAISE, 4, 1);
        assertThat(signals(event))
                .as("signals of an event file set through the other")
                .isEqualTo(1);
    }

    @Test
    @Spec({"P-035", "P-036"})
    void shouldFillAsMuchOfGetInfoAsThereIsRoomFor() {
        long device = openByGroup(EDU).device();
        refused("argsz 15", info(device, infoArgument(15)), Errno.EINVAL);
        for (int argsz : new int[] {16, 20, 24, 64}) {
            var info = infoArgument(argsz);
            assertThat(info(device, info)).as("argsz %d", argsz).isZero();
            assertThat(VfioDeviceInfo.numRegions(info)).as("regions").isEqualTo(9);
            assertThat(VfioDeviceInfo.numIrqs(info)).as("interrupts").isEqualTo(5);
            for (int i = Math.min(argsz, 24); i < 64; i++) {
                assertThat(info.get(ValueLayout.JAVA_BYTE, i))
                        .as("byte %d for argsz %d", i, argsz)
                        .isEqualTo((byte) 0x5a);
            }
        }
    }

    @Test
    @Spec({"P-042", "P-061"})
    void shouldLeaveTheCapabilityOffsetOfARegionWithoutAny() {
        long device = openByGroup(EDU).device();
        var info = program.argument(VfioRegionInfo.SIZEOF);
        VfioRegionInfo.argsz(info, 31);
        refused("argsz 31", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info), Errno.EINVAL);
        VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
        VfioRegionInfo.index(info, CONFIG);
        VfioRegionInfo.flags(info, -1);
        VfioRegionInfo.capOffset(info, 99);
        require("GET_REGION_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        assertThat(VfioRegionInfo.capOffset(info)).isEqualTo(99);
        assertThat(VfioRegionInfo.flags(info))
                .isEqualTo(VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE);
    }

    @Test
    @Spec("P-062")
    void shouldNotKnowOtherCalls() {
        long device = openByGroup(EDU).device();
        refused("unknown", system.ioctl(device, UNKNOWN, 0), Errno.ENOTTY);
        refused("GROUP_GET_STATUS", program.status(device), Errno.ENOTTY);
        refused("GROUP_GET_DEVICE_FD", program.getDeviceFd(device, EDU), Errno.ENOTTY);
        refused("QUERY_GFX_PLANE", system.ioctl(device, VfioIoctl.VFIO_DEVICE_QUERY_GFX_PLANE, 0), Errno.ENOTTY);
    }

    @Test
    @Spec("P-151")
    void shouldFailOnMemoryThatCannotBeAccessed() {
        long device = openByGroup(EDU).device();
        write(device, CONFIG, 4, 2, 6);
        var place = region(device, BAR0);
        var config = region(device, CONFIG);
        var page = system.memory(4096);
        system.protect(page, UapiSystem.NO_ACCESS);
        for (long position : new long[] {place.offset(), config.offset()}) {
            refused("pread", system.pread(device, page.asSlice(0, 4), position), Errno.EFAULT);
            refused("pwrite", system.pwrite(device, page.asSlice(0, 4), position), Errno.EFAULT);
        }
    }

    @Test
    @Spec({"P-156", "P-159"})
    void shouldTellOfItsInterrupts() {
        long device = openByGroup(CARD).device();
        refused("argsz 15", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irqInfo(15, 0)), Errno.EINVAL);
        refused("index 5", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irqInfo(16, 5)), Errno.EINVAL);
        var info = irqInfo(VfioIrqInfo.SIZEOF, VfioPci.VFIO_PCI_MSIX_IRQ_INDEX);
        require("GET_IRQ_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, info));
        assertThat(VfioIrqInfo.count(info)).as("MSI-X vectors").isEqualTo(5);
        assertThat(VfioIrqInfo.flags(info)).as("flags").isIn(1, 9);
    }

    @Test
    @Spec({"P-163", "P-164"})
    void shouldCheckInterruptRequestsAsAWhole() {
        long device = openByGroup(CARD).device();
        int header = VfioIrqSet.SIZEOF;
        int intx = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
        int msix = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
        refused("no data type", setIrqs(device, header, TRIGGER, intx, 0, 1), Errno.EINVAL);
        refused("two data types", setIrqs(device, header, TRIGGER | NONE | BOOL, intx, 0, 1), Errno.EINVAL);
        refused("flag 0x40", setIrqs(device, header, TRIGGER | NONE | 0x40, intx, 0, 1), Errno.EINVAL);
        refused("argsz 19", setIrqs(device, 19, TRIGGER | NONE, intx, 0, 1), Errno.EINVAL);
        refused("data too short", setIrqs(device, header + 7, TRIGGER | EVENTFD, msix, 0, 2), Errno.EINVAL);
        refused("flags too short", setIrqs(device, header + 1, TRIGGER | BOOL, msix, 0, 2), Errno.EINVAL);
        refused("INTX start 1", setIrqs(device, header, TRIGGER | NONE, intx, 1, 1), Errno.EINVAL);
        refused("INTX count 2", setIrqs(device, header, TRIGGER | NONE, intx, 0, 2), Errno.EINVAL);
        refused("count 0xfffffffe from 1", setIrqs(device, header, TRIGGER | NONE, msix, 1, 0xfffffffe), Errno.EINVAL);
        refused("index 5", setIrqs(device, header, TRIGGER | NONE, 5, 0, 1), Errno.EINVAL);
    }

    @Test
    @Spec({"P-216", "P-220", "P-225"})
    void shouldCheckFeatureRequests() {
        long device = openByGroup("0000:03:00.0").device();
        int get = VfioFeature.VFIO_DEVICE_FEATURE_GET;
        int set = VfioFeature.VFIO_DEVICE_FEATURE_SET;
        int probe = VfioFeature.VFIO_DEVICE_FEATURE_PROBE;
        int entry = VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY;
        refused("argsz 7", feature(device, 7, set | entry), Errno.EINVAL);
        refused("flag 1<<19", feature(device, 8, set | entry | 1 << 19), Errno.EINVAL);
        refused("GET and SET", feature(device, 8, get | set | entry), Errno.EINVAL);
        assertThat(feature(device, 8, get | set | probe | VfioFeature.VFIO_DEVICE_FEATURE_BUS_MASTER))
                .as("PROBE of GET and SET of a feature there is not")
                .isEqualTo(UapiSystem.refusal(Errno.ENOTTY));
        refused(
                "PRECOPY_INFOv2",
                feature(device, 8, probe | set | VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2),
                Errno.EINVAL);
        int wakeup = set | VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
        refused("wake-up eventfd -1", feature(device, 16, wakeup, -1), Errno.EINVAL);
        refused("wake-up eventfd not open", feature(device, 16, wakeup, 900), Errno.EBADF);
        refused("4 bytes of data", feature(device, 12, wakeup, 900), Errno.EINVAL);
    }
}
