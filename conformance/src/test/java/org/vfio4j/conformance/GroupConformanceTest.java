// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioGroupStatus;

/** The group's file with a container. Spec: core §4. */
class GroupConformanceTest extends UapiTestCase {
    private static final int VIABLE = 1;
    private static final int VIABLE_AND_SET = 3;
    private static final int PAGE = 4096;

    private long container;
    private long group;

    private void openBoth(String device) {
        container = program.open(Program.CONTAINER);
        group = program.open(groupPath(device));
        require("SET_CONTAINER", program.setContainer(group, container));
    }

    private void setUp(String device) {
        openBoth(device);
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
    }

    @Test
    @Spec("C-019")
    void shouldOpenOnceAtATime() {
        long first = program.open(groupPath(EDU));
        refused("second open", system.open(groupPath(EDU)), Errno.EBUSY);
        try (var other = newSystem(ProcessOptions.root())) {
            refused("open by another program", other.open(groupPath(EDU)), Errno.EBUSY);
        }
        require("close", system.close(first));
        assertThat(system.open(groupPath(EDU))).as("open after close").isNotNegative();
    }

    @Test
    @Spec("C-020")
    void shouldCheckTheArgumentOfGetStatus() {
        long file = program.open(groupPath(EDU));
        var status = program.argument(VfioGroupStatus.SIZEOF);
        VfioGroupStatus.argsz(status, 7);
        refused("argsz 7", system.ioctl(file, VfioIoctl.VFIO_GROUP_GET_STATUS, status), Errno.EINVAL);
        refused("NULL", system.ioctl(file, VfioIoctl.VFIO_GROUP_GET_STATUS, 0), Errno.EFAULT);
        VfioGroupStatus.argsz(status, PAGE);
        assertThat(system.ioctl(file, VfioIoctl.VFIO_GROUP_GET_STATUS, status)).isZero();
        assertThat(VfioGroupStatus.argsz(status)).as("argsz is left alone").isEqualTo(PAGE);
    }

    @Test
    @Spec({"C-021", "C-024"})
    void shouldSayWhetherItIsViable() {
        openBoth(EDU);
        assertThat(program.status(group)).as("flags with a container").isEqualTo(VIABLE_AND_SET);
        require("UNSET_CONTAINER", program.unsetContainer(group));
        assertThat(program.status(group)).as("flags of an unowned group").isEqualTo(VIABLE);
        long owned = program.open(groupPath(NOT_VIABLE));
        assertThat(program.status(owned))
                .as("flags with a native driver on a sibling")
                .isZero();
        refused("SET_CONTAINER", program.setContainer(owned, container), Errno.EPERM);
        assertThat(program.status(owned)).as("flags after the refusal").isZero();
    }

    @Test
    @Spec({"C-022", "C-023"})
    void shouldTakeNothingButAContainer() {
        long file = program.open(groupPath(EDU));
        long other = program.open(groupPath(OTHER_EDU));
        refused("NULL", system.ioctl(file, VfioIoctl.VFIO_GROUP_SET_CONTAINER, 0), Errno.EFAULT);
        refused("-1", program.setContainer(file, -1), Errno.EBADF);
        refused("closed descriptor", program.setContainer(file, 900), Errno.EBADF);
        refused("eventfd", program.setContainer(file, system.eventfd()), Errno.EBADFD);
        refused("group", program.setContainer(file, other), Errno.EBADFD);
        long wanted = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(file, wanted));
        refused("second SET_CONTAINER", program.setContainer(file, wanted), Errno.EINVAL);
        refused("second SET_CONTAINER, bad descriptor", program.setContainer(file, 900), Errno.EBADF);
    }

    @Test
    @Spec({"C-025", "C-026"})
    void shouldUnsetOnlyWhatIsSetAndNotInUse() {
        long file = program.open(groupPath(EDU));
        refused("UNSET_CONTAINER of nothing", program.unsetContainer(file), Errno.EINVAL);
        system.close(file);
        setUp(EDU);
        long first = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        long second = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        refused("two open", program.unsetContainer(group), Errno.EBUSY);
        system.close(first);
        refused("one open", program.unsetContainer(group), Errno.EBUSY);
        system.close(second);
        assertThat(program.unsetContainer(group)).as("none open").isZero();
    }

    @Test
    @Spec("C-027")
    void shouldKnowNoOtherCommand() {
        long file = program.open(groupPath(EDU));
        refused("unknown", system.ioctl(file, 0x3bff, 0), Errno.ENOTTY);
        refused("device's", system.ioctl(file, VfioIoctl.VFIO_DEVICE_GET_INFO, 0), Errno.ENOTTY);
    }

    @Test
    @Spec("C-028")
    void shouldReleaseAGroupThatCannotBeAttached() {
        setUp(EDU);
        long tce = program.open(groupPath(TCE_EDU));
        refused("SET_CONTAINER of TCE hardware", program.setContainer(tce, container), Errno.EOPNOTSUPP);
        assertThat(program.status(tce)).as("flags after the refusal").isEqualTo(VIABLE);
        long own = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(tce, own));
        assertThat(program.setIommu(own, VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU)).isZero();
    }

    @Test
    void shouldStayOpenWhileADeviceIs() {
        setUp(EDU);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        long copy = require("dup", system.dup(device));
        require("close", system.close(group));
        refused("open with the device open", system.open(groupPath(EDU)), Errno.EBUSY);
        system.close(device);
        refused("open with the device's copy open", system.open(groupPath(EDU)), Errno.EBUSY);
        system.close(copy);
        assertThat(system.open(groupPath(EDU))).as("open after the last close").isNotNegative();
    }

    @Test
    @Spec({"C-030", "C-032"})
    void shouldLookForTheNameBeforeTheContainer() {
        long file = program.open(groupPath(EDU));
        refused("right name", program.getDeviceFd(file, EDU), Errno.EINVAL);
        refused("wrong name", program.getDeviceFd(file, "0000:00:1f.7"), Errno.ENODEV);
        refused("NULL", system.ioctl(file, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, 0), Errno.EFAULT);
        long bare = program.open(Program.CONTAINER);
        require("SET_CONTAINER", program.setContainer(file, bare));
        refused("container without SET_IOMMU", program.getDeviceFd(file, EDU), Errno.EINVAL);
    }

    @Test
    @Spec("C-031")
    void shouldTakeNamesShorterThanAPage() {
        setUp(EDU);
        refused("PAGE-1 characters", program.getDeviceFd(group, "x".repeat(PAGE - 1)), Errno.ENODEV);
        refused("PAGE characters", program.getDeviceFd(group, "x".repeat(PAGE)), Errno.EINVAL);
        refused("no character", program.getDeviceFd(group, ""), Errno.ENODEV);
    }

    @Test
    @Spec("C-033")
    void shouldRefuseWhenTheDescriptorTableIsFull() {
        long file = program.open(groupPath(EDU));
        while (system.dup(file) >= 0) {
            // fills the table
        }
        refused("right name, no container", program.getDeviceFd(file, EDU), Errno.EMFILE);
        refused("wrong name", program.getDeviceFd(file, "0000:00:1f.7"), Errno.ENODEV);
    }

    @Test
    @Spec("C-034")
    void shouldCompareWholeNamesWhenTheDriverDoesNot() {
        openBoth(MDEV);
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        refused("name with an option", program.getDeviceFd(group, MDEV + " x=1"), Errno.ENODEV);
        assertThat(program.getDeviceFd(group, MDEV)).as("name alone").isNotNegative();
    }

    @Test
    @Spec("C-036")
    void shouldNotFindDevicesOfOtherGroups() {
        setUp(EDU);
        long other = program.open(groupPath(OTHER_EDU));
        require("SET_CONTAINER", program.setContainer(other, container));
        refused("device of the other group", program.getDeviceFd(group, OTHER_EDU), Errno.ENODEV);
    }

    @Test
    @Spec("C-041")
    void shouldReadThePciDriversOptions() {
        setUp(EDU);
        for (String options :
                new String[] {" x=1", " vf_token=1234", " vf_token=00000000-0000-0000-0000-000000000001"}) {
            refused(options, program.getDeviceFd(group, EDU + options), Errno.EINVAL);
        }
        assertThat(program.getDeviceFd(group, EDU + "  ")).as("trailing spaces").isNotNegative();
        refused("another character", program.getDeviceFd(group, EDU + "x"), Errno.ENODEV);
    }

    @Test
    @Spec("C-079")
    void shouldLeaveAttachmentToTheContainer() {
        setUp(EDU);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        refused("ATTACH", program.attach(device, 1), Errno.ENOTTY);
    }

    @Test
    void shouldMoveDataThroughItsContainer() {
        setUp(EDU);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        var edu = new EduProgram(program, device);
        var memory = system.memory(4 * PAGE);
        require("MAP_DMA", program.mapDma(container, memory, 1 << 20));
        refused("MAP_DMA again", program.mapDma(container, memory, 1 << 20), Errno.EEXIST);
        edu.assertCarries(memory, 1 << 20);
        assertThat(program.unmapDma(container, 1 << 20, memory.byteSize()))
                .as("bytes unmapped")
                .isEqualTo(memory.byteSize());
        edu.assertCannotWrite(memory, 1 << 20);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x5a);
    }
}
