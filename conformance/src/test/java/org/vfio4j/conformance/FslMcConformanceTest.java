// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioCdev;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqInfo;
import org.vfio4j.uapi.struct.VfioIrqSet;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** Objects of a management complex: what a program sees of them that only holds with the core above the driver. Spec: fsl-mc. */
class FslMcConformanceTest extends UapiTestCase {
    private static final String CONTAINER = "dprc.2";
    private static final String NETWORK = "dpni.1";
    private static final String DEVICES = "/sys/bus/fsl-mc/devices/";
    private static final String BIND = "/sys/bus/fsl-mc/drivers/vfio-fsl-mc/bind";
    private static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int NONE = VfioIrq.VFIO_IRQ_SET_DATA_NONE;
    private static final int BOOL = VfioIrq.VFIO_IRQ_SET_DATA_BOOL;
    private static final int EVENTFD = VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int POLL_IN = 1;
    private static final int WORDS = 64;

    private long group;

    private long open(String object) {
        long container = program.open(Program.CONTAINER);
        group = program.open(groupPath(object));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        return require("GET_DEVICE_FD", program.getDeviceFd(group, object));
    }

    /** SET_IRQS with one 32-bit word of data. */
    private long setIrqs(long device, int flags, int index, int count, long data) {
        return setIrqs(device, VfioIrqSet.SIZEOF + 4, flags, index, count, data);
    }

    private long setIrqs(long device, int argsz, int flags, int index, int count, long data) {
        var set = program.argument(VfioIrqSet.SIZEOF + 4);
        VfioIrqSet.argsz(set, argsz);
        VfioIrqSet.flags(set, flags);
        VfioIrqSet.index(set, index);
        VfioIrqSet.count(set, count);
        set.set(ValueLayout.JAVA_INT_UNALIGNED, VfioIrqSet.SIZEOF, (int) data);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set);
    }

    /** Lets software raise the interrupt. */
    private void trigger(long device) {
        require("TRIGGER", setIrqs(device, TRIGGER | NONE, 0, 1, 0));
    }

    private boolean signalled(long event) {
        return (system.poll(event) & POLL_IN) != 0;
    }

    private String read(String path) {
        long fd = require("open " + path, system.openReadOnly(path));
        var page = system.memory(4096);
        long count = require("read", system.read(fd, page));
        system.close(fd);
        return new String(page.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    @Test
    @Spec("F-001")
    void shouldBindOnlyWhatItsOverrideNames() {
        require("unbind", system.writeFile(DEVICES + "dprc.4/driver/unbind", "dprc.4"));
        require("no override", system.writeFile(DEVICES + "dprc.4/driver_override", "\n"));
        refused("bind", system.writeFile(BIND, "dprc.4"), Errno.ENODEV);
        require("override", system.writeFile(DEVICES + "dprc.4/driver_override", "vfio-fsl-mc"));
        require("bind", system.writeFile(BIND, "dprc.4"));
    }

    @Test
    @Spec("F-003")
    void shouldGiveTheChildrenOfAContainerItsDriver() {
        for (String child : new String[] {"dpmcp.1", "dpbp.1", "dpcon.1", "dpio.1", NETWORK, "dprc.3", "dpio.2"}) {
            assertThat(read(DEVICES + child + "/driver_override")).as(child).isEqualTo("vfio-fsl-mc\n");
        }
    }

    @Test
    @Spec("F-017")
    void shouldFindObjectsByTheirExactNames() {
        open(CONTAINER);
        assertThat(program.getDeviceFd(group, NETWORK)).as(NETWORK).isNotNegative();
        refused("more than a name", program.getDeviceFd(group, NETWORK + " x"), Errno.ENODEV);
        refused("nobody's name", program.getDeviceFd(group, "dpni.99"), Errno.ENODEV);
    }

    @Test
    @Spec("F-018")
    void shouldTakeNoToken() {
        long device = program.open(nodePath(NETWORK));
        long iommufd = program.open(Program.IOMMU);
        var bind = program.argument(VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.flags(bind, VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        VfioDeviceBindIommufd.tokenUuidPtr(bind, system.memory(16).address());
        refused("BIND with a token", system.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind), Errno.EINVAL);
        assertThat(program.bind(device, iommufd)).as("BIND without").isPositive();
    }

    /** The driver was never taught about capabilities. */
    @Test
    @Spec("F-021")
    void shouldWriteNoMoreOfItsInfoThanItKnows() {
        long device = open(CONTAINER);
        var info = program.argument(64).fill((byte) 0x5a);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.MIN_ARGSZ - 1);
        refused("argsz 15", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info), Errno.EINVAL);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        require("argsz 24", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info));
        assertThat(VfioDeviceInfo.numRegions(info)).isEqualTo(1);
        assertThat(VfioDeviceInfo.numIrqs(info)).isEqualTo(1);
        assertThat(info.get(ValueLayout.JAVA_LONG, VfioDeviceInfo.MIN_ARGSZ))
                .as("bytes behind num_irqs")
                .isEqualTo(0x5a5a_5a5a_5a5a_5a5aL);
    }

    @Test
    @Spec("F-029")
    void shouldCheckTheSizesOfItsStructs() {
        long device = open(NETWORK);
        long io = require("GET_DEVICE_FD", program.getDeviceFd(group, "dpio.1"));
        var region = program.argument(64);
        VfioRegionInfo.argsz(region, 31);
        refused("argsz 31", system.ioctl(io, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, region), Errno.EINVAL);
        VfioRegionInfo.argsz(region, 32);
        require("argsz 32", system.ioctl(io, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, region));
        var irq = program.argument(64);
        VfioIrqInfo.argsz(irq, 15);
        refused("argsz 15", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irq), Errno.EINVAL);
        VfioIrqInfo.argsz(irq, 16);
        require("argsz 16", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO, irq));
    }

    @Test
    @Spec("F-035")
    void shouldFaultOnMemoryThatIsNotThere() {
        long device = open(CONTAINER);
        MemorySegment memory = system.memory(4096);
        var words = memory.asSlice(0, WORDS);
        assertThat(system.pread(device, words, 0)).as("bytes read").isEqualTo(WORDS);
        system.protect(memory, UapiSystem.NO_ACCESS);
        refused("pread", system.pread(device, words, 0), Errno.EFAULT);
        refused("pwrite", system.pwrite(device, words, 0), Errno.EFAULT);
    }

    @Test
    @Spec("F-052")
    void shouldRefuseRequestsThatMakeNoSense() {
        long device = open(NETWORK);
        refused("index 1 of 1", setIrqs(device, TRIGGER | NONE, 1, 1, 0), Errno.EINVAL);
        refused("two kinds of data", setIrqs(device, TRIGGER | NONE | BOOL, 0, 1, 0), Errno.EINVAL);
        refused("argsz 19", setIrqs(device, 19, TRIGGER | NONE, 0, 1, 0), Errno.EINVAL);
        trigger(device);
    }

    @Test
    @Spec({"F-053", "F-055"})
    void shouldLoseItsEventToADescriptorThatIsNone() {
        long device = open(NETWORK);
        for (boolean closed : new boolean[] {true, false}) {
            long event = system.eventfd();
            require("EVENTFD", setIrqs(device, TRIGGER | EVENTFD, 0, 1, event));
            trigger(device);
            assertThat(signalled(event)).as("triggered with an event").isTrue();
            system.read(event, system.memory(8));
            long descriptor = program.open(Program.CONTAINER);
            if (closed) {
                require("close", system.close(descriptor));
            }
            refused(
                    closed ? "closed descriptor" : "no eventfd",
                    setIrqs(device, TRIGGER | EVENTFD, 0, 1, descriptor),
                    closed ? Errno.EBADF : Errno.EINVAL);
            trigger(device);
            assertThat(signalled(event)).as("triggered after the refusal").isFalse();
        }
    }

    @Test
    @Spec("F-060")
    void shouldKeepInterruptsUntilTheLastClose() {
        long first = open(NETWORK);
        long second = require("GET_DEVICE_FD", program.getDeviceFd(group, NETWORK));
        long event = system.eventfd();
        require("EVENTFD", setIrqs(first, TRIGGER | EVENTFD, 0, 1, event));
        require("close of one", system.close(first));
        trigger(second);
        assertThat(signalled(event)).as("triggered with one closed").isTrue();
        system.read(event, system.memory(8));

        require("close of the last", system.close(second));
        long third = require("GET_DEVICE_FD", program.getDeviceFd(group, NETWORK));
        trigger(third);
        assertThat(signalled(event)).as("triggered by the next user").isFalse();
    }

    @Test
    @Spec({"F-063", "F-064"})
    void shouldKnowNothingOfPci() {
        long device = open(NETWORK);
        var feature = program.argument(64);
        VfioDeviceFeature.argsz(feature, VfioDeviceFeature.SIZEOF + 16);
        VfioDeviceFeature.flags(
                feature,
                VfioFeature.VFIO_DEVICE_FEATURE_PROBE
                        | VfioFeature.VFIO_DEVICE_FEATURE_SET
                        | VfioFeature.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN);
        refused("VF_TOKEN", system.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, feature), Errno.ENOTTY);
        var argument = program.argument(64);
        argument.set(ValueLayout.JAVA_INT, 0, 64);
        refused(
                "HOT_RESET_INFO",
                system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, argument),
                Errno.ENOTTY);
        refused("IOEVENTFD", system.ioctl(device, VfioIoctl.VFIO_DEVICE_IOEVENTFD, argument), Errno.ENOTTY);
    }
}
