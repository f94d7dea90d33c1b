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
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** Open device files, whichever path they came by. Spec: core §6, §11. */
class DeviceConformanceTest extends UapiTestCase {
    private static final int GET = VfioFeature.VFIO_DEVICE_FEATURE_GET;
    private static final int SET = VfioFeature.VFIO_DEVICE_FEATURE_SET;
    private static final int PROBE = VfioFeature.VFIO_DEVICE_FEATURE_PROBE;

    private long group;

    private long open(String device) {
        long container = program.open(Program.CONTAINER);
        group = program.open(groupPath(device));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        return require("GET_DEVICE_FD", program.getDeviceFd(group, device));
    }

    private MemorySegment regionInfo(int argsz, int index) {
        var info = program.argument(1024);
        VfioRegionInfo.argsz(info, argsz);
        VfioRegionInfo.index(info, index);
        return info;
    }

    private long feature(long device, int argsz, int flags) {
        var feature = program.argument(64);
        VfioDeviceFeature.argsz(feature, argsz);
        VfioDeviceFeature.flags(feature, flags);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, feature);
    }

    @Test
    @Spec({"C-037", "C-038"})
    void shouldShareOneDeviceBetweenItsFiles() {
        long first = open(EDU);
        var info = regionInfo(VfioRegionInfo.SIZEOF, VfioPci.VFIO_PCI_CONFIG_REGION_INDEX);
        require("GET_REGION_INFO", system.ioctl(first, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        long config = VfioRegionInfo.offset(info);
        long second = require("GET_DEVICE_FD again", program.getDeviceFd(group, EDU));
        assertThat(second).as("another descriptor").isNotEqualTo(first);
        var bytes = system.memory(4);
        bytes.set(ValueLayout.JAVA_SHORT, 0, (short) 6);
        assertThat(system.pwrite(first, bytes.asSlice(0, 2), config + 4))
                .as("bytes of the command register written through the first")
                .isEqualTo(2);
        require("close of the first", system.close(first));
        bytes.fill((byte) 0);
        assertThat(system.pread(second, bytes.asSlice(0, 2), config + 4))
                .as("bytes read through the second")
                .isEqualTo(2);
        assertThat(bytes.get(ValueLayout.JAVA_SHORT, 0))
                .as("command register, which a close of the device would have reset")
                .isEqualTo((short) 6);
        require("close of the second", system.close(second));
        long third = require("GET_DEVICE_FD after the last close", program.getDeviceFd(group, EDU));
        require("pread", system.pread(third, bytes.asSlice(0, 2), config + 4));
        assertThat(bytes.get(ValueLayout.JAVA_SHORT, 0) & 4)
                .as("bus mastering of a device opened anew")
                .isZero();
    }

    @Test
    @Spec({"C-088", "C-089"})
    void shouldTellHowMuchTheCapabilitiesOfARegionNeed() {
        long device = open("0000:01:00.0");
        int withChain = -1;
        for (int index = 0; index <= VfioPci.VFIO_PCI_CONFIG_REGION_INDEX; index++) {
            var info = regionInfo(VfioRegionInfo.SIZEOF, index);
            refused(
                    "argsz 31",
                    system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, regionInfo(31, index)),
                    Errno.EINVAL);
            info = regionInfo(VfioRegionInfo.SIZEOF, index);
            if (system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info) == 0
                    && (VfioRegionInfo.flags(info) & VfioRegion.VFIO_REGION_INFO_FLAG_CAPS) != 0) {
                withChain = index;
                assertThat(VfioRegionInfo.capOffset(info))
                        .as("cap_offset without room")
                        .isZero();
                int needed = VfioRegionInfo.argsz(info);
                assertThat(needed).as("argsz grown").isGreaterThan(VfioRegionInfo.SIZEOF);
                info = regionInfo(needed - 1, index);
                info.asSlice(VfioRegionInfo.SIZEOF, 256).fill((byte) 0x5a);
                require("one byte too few", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
                for (long i = VfioRegionInfo.SIZEOF; i < VfioRegionInfo.SIZEOF + 256L; i++) {
                    assertThat(info.get(ValueLayout.JAVA_BYTE, i))
                            .as("byte %d", i)
                            .isEqualTo((byte) 0x5a);
                }
                info = regionInfo(needed, index);
                require("just enough", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
                assertThat(VfioRegionInfo.capOffset(info)).as("cap_offset").isEqualTo(VfioRegionInfo.SIZEOF);
                assertThat(info.get(ValueLayout.JAVA_SHORT, VfioRegionInfo.SIZEOF))
                        .as("id of the first capability")
                        .isPositive();
            }
        }
        assertThat(withChain).as("a region with capabilities").isNotNegative();
    }

    @Test
    @Spec({"C-090", "C-091"})
    void shouldCheckAFeatureRequestBeforeWhetherItIsKnown() {
        long device = open(EDU);
        refused("argsz 7", feature(device, 7, PROBE | GET | 1), Errno.EINVAL);
        refused("bit 19", feature(device, 64, 1 << 19 | PROBE | 99), Errno.EINVAL);
        refused("GET and SET", feature(device, 64, GET | SET | 99), Errno.EINVAL);
        refused("NULL", system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, 0), Errno.EFAULT);
        refused("unknown, PROBE", feature(device, 64, PROBE | GET | 99), Errno.ENOTTY);
        refused("unknown, GET", feature(device, 64, GET | 99), Errno.ENOTTY);
        refused("MIGRATION of a device that cannot", feature(device, 64, PROBE | GET | 1), Errno.ENOTTY);
        refused("DMA_LOGGING_START", feature(device, 64, SET | 6), Errno.ENOTTY);
    }

    @Test
    @Spec("C-095")
    void shouldEnterAndLeaveLowPower() {
        long device = open("0000:03:00.0");
        int entry = SET | VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY;
        int exit = SET | VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT;
        require("ENTRY", feature(device, 8, entry));
        refused("second ENTRY", feature(device, 8, entry), Errno.EINVAL);
        require("EXIT", feature(device, 8, exit));
        require("second EXIT", feature(device, 8, exit));
        refused("wake-up eventfd -1", wakeUp(device, -1), Errno.EINVAL);
        refused("wake-up eventfd not open", wakeUp(device, 900), Errno.EBADF);
        refused("wake-up eventfd of another kind", wakeUp(device, group), Errno.EINVAL);
        require("ENTRY with wake-up", wakeUp(device, system.eventfd()));
        require("EXIT", feature(device, 8, exit));
    }

    private long wakeUp(long device, long event) {
        var feature = program.argument(16);
        VfioDeviceFeature.argsz(feature, 16);
        VfioDeviceFeature.flags(feature, SET | VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP);
        feature.set(ValueLayout.JAVA_INT, 8, (int) event);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, feature);
    }
}
