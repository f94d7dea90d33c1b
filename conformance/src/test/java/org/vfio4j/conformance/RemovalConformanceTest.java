// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqSet;

/** Devices taken from their driver while programs use them. Spec: core §8. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemovalConformanceTest extends UapiTestCase {
    private static final String DRIVER = "vfio-pci";

    private final ExecutorService administrator = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        administrator.shutdown();
    }

    /** Begins to take a device from its driver; the path of its node is gone when this returns. */
    private CompletableFuture<Long> beginUnbind(String device) {
        var node = nodePath(device);
        var unbound = CompletableFuture.supplyAsync(() -> machine.unbind(device), administrator);
        while (true) {
            long opened = system.open(node);
            if (opened < 0) {
                refused("open of the node of a device that is going", opened, Errno.ENOENT);
                return unbound;
            }
            system.close(opened);
            Thread.onSpinWait();
        }
    }

    private void assertEnds(CompletableFuture<Long> unbound) throws Exception {
        assertThat(unbound.get(5, TimeUnit.SECONDS))
                .as("unbind, well before the next request to let go would be due")
                .isZero();
    }

    private long info(long device) {
        var info = program.argument(VfioDeviceInfo.SIZEOF);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info);
    }

    private long[] openByGroup(String device, String containerNode) {
        long container = program.open(containerNode);
        long group = program.open(groupPath(device));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        return new long[] {container, group};
    }

    @Test
    @Spec("C-122")
    void shouldLetAnIdleDeviceGoAtOnce() {
        var node = nodePath(EDU);
        var group = groupPath(EDU);
        require("unbind", machine.unbind(EDU));
        refused("open of its node", system.open(node), Errno.ENOENT);
        refused("open of its group", system.open(group), Errno.ENOENT);
        require("bind", machine.bind(EDU, DRIVER));
        assertThat(system.open(nodePath(EDU))).as("node after the next bind").isNotNegative();
    }

    @Test
    @Spec("C-123")
    void shouldWaitForAFileThatWasNeverBound() throws Exception {
        long file = program.open(nodePath(EDU));
        var unbound = beginUnbind(EDU);
        assertThat(unbound).as("unbind while the file is open").isNotDone();
        require("close", system.close(file));
        assertEnds(unbound);
    }

    @Test
    @Spec("C-125")
    void shouldLeaveOpenFilesTheirUse() throws Exception {
        var opened = openByGroup(EDU, Program.CONTAINER);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(opened[1], EDU));
        var edu = new EduProgram(program, device);
        var unbound = beginUnbind(EDU);
        refused("GET_DEVICE_FD", program.getDeviceFd(opened[1], EDU), Errno.ENODEV);
        var memory = system.memory(8192);
        require("MAP_DMA", program.mapDma(opened[0], memory, 1 << 20));
        edu.assertCarries(memory, 1 << 20);
        assertThat(info(device)).as("GET_INFO").isZero();
        assertThat(unbound).as("unbind while the device is open").isNotDone();
        require("close", system.close(device));
        assertEnds(unbound);
    }

    @Test
    @Spec("C-125")
    void shouldStillBindAParkedFile() throws Exception {
        long parked = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        var unbound = beginUnbind(EDU);
        assertThat(program.bind(parked, iommufd)).as("BIND of a parked file").isPositive();
        assertThat(info(parked)).as("GET_INFO").isZero();
        require("close", system.close(parked));
        assertEnds(unbound);
    }

    @Test
    @Spec("C-124")
    void shouldAskTheUserToLetGoAtOnce() throws Exception {
        var opened = openByGroup(EDU, Program.CONTAINER);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(opened[1], EDU));
        long event = system.eventfd();
        var set = program.argument(VfioIrqSet.SIZEOF + 4);
        VfioIrqSet.argsz(set, VfioIrqSet.SIZEOF + 4);
        VfioIrqSet.flags(set, VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD | VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER);
        VfioIrqSet.index(set, VfioPci.VFIO_PCI_REQ_IRQ_INDEX);
        VfioIrqSet.count(set, 1);
        set.set(ValueLayout.JAVA_INT_UNALIGNED, VfioIrqSet.SIZEOF, (int) event);
        require("SET_IRQS", system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set));
        var unbound = beginUnbind(EDU);
        assertThat(awaitEvent(event)).as("requests so far").isEqualTo(1);
        require("close", system.close(device));
        assertEnds(unbound);
    }

    private long awaitEvent(long event) {
        MemorySegment counter = system.memory(8);
        while ((system.poll(event) & 1) == 0) {
            Thread.onSpinWait();
        }
        require("read", system.read(event, counter));
        return counter.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    @Spec("C-127")
    void shouldRevokeTheGroupOfTheLastDevice() throws Exception {
        var opened = openByGroup(EDU, Program.CONTAINER);
        require("unbind", machine.unbind(EDU));
        refused("GET_STATUS", program.status(opened[1]), Errno.ENODEV);
        refused("SET_CONTAINER", program.setContainer(opened[1], opened[0]), Errno.ENODEV);
        refused("GET_DEVICE_FD", program.getDeviceFd(opened[1], EDU), Errno.ENODEV);
        refused("UNSET_CONTAINER", program.unsetContainer(opened[1]), Errno.EINVAL);
        refused("MAP_DMA in the container left", mapPage(opened[0]), Errno.EINVAL);
    }

    private long mapPage(long container) {
        return program.mapDma(container, system.memory(4096), 1 << 20);
    }

    @Test
    @Spec("P-241")
    void shouldEndAGroupWithTheLastFileOfItsLastDevice() throws Exception {
        var path = groupPath(EDU);
        var opened = openByGroup(EDU, Program.CONTAINER);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(opened[1], EDU));
        var unbound = beginUnbind(EDU);
        assertThat(unbound).as("unbind while the device is open").isNotDone();
        require("close", system.close(device));
        assertEnds(unbound);
        refused("GET_STATUS", program.status(opened[1]), Errno.ENODEV);
        require("close of the group", system.close(opened[1]));
        refused("open of the group", system.open(path), Errno.ENOENT);
    }

    @Test
    @Spec("C-128")
    void shouldKeepTheIommufdOfARevokedGroupUntilItIsUnset() {
        var opened = openByGroup(EDU, Program.IOMMU);
        require("unbind", machine.unbind(EDU));
        refused("SET_CONTAINER", program.setContainer(opened[1], opened[0]), Errno.EINVAL);
        require("UNSET_CONTAINER", program.unsetContainer(opened[1]));
        refused("second UNSET_CONTAINER", program.unsetContainer(opened[1]), Errno.EINVAL);
        refused("SET_CONTAINER afterwards", program.setContainer(opened[1], opened[0]), Errno.ENODEV);
    }

    @Test
    @Spec("C-129")
    void shouldKeepAGroupThatHasAnotherDevice() {
        var opened = openByGroup(LEFT, Program.CONTAINER);
        require("unbind", machine.unbind(LEFT));
        refused("GET_DEVICE_FD of the device gone", program.getDeviceFd(opened[1], LEFT), Errno.ENODEV);
        long device = require("GET_DEVICE_FD of the other", program.getDeviceFd(opened[1], RIGHT));
        var memory = system.memory(8192);
        require("MAP_DMA", program.mapDma(opened[0], memory, 1 << 20));
        new EduProgram(program, device).assertCarries(memory, 1 << 20);
    }

    @Test
    @Spec("C-083")
    void shouldKeepNativeDriversOutWhileAnythingIsOwned() {
        require("unbind", machine.unbind(RIGHT));
        long left = program.open(nodePath(LEFT));
        long iommufd = program.open(Program.IOMMU);
        require("BIND", program.bind(left, iommufd));
        refused("native driver on the sibling", machine.bind(RIGHT, "e1000e"), Errno.EBUSY);
        require("close", system.close(left));
        require("native driver afterwards", machine.bind(RIGHT, "e1000e"));
        refused("BIND with the native driver there", program.bind(program.open(nodePath(LEFT)), iommufd), Errno.EPERM);
    }

    @Test
    @Spec("C-084")
    void shouldNotOwnAnythingForAMediatedDevice() {
        var opened = openByGroup(MDEV, Program.CONTAINER);
        require("GET_DEVICE_FD", program.getDeviceFd(opened[1], MDEV));
        require("UNSET is refused only for the open device", -program.unsetContainer(opened[1]));
        require("native driver on the parent's neighbours", machine.unbind(RIGHT));
        require("native driver", machine.bind(RIGHT, "e1000e"));
    }
}
