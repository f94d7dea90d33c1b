// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.IommuVfioIoas;

/** An iommufd in the container's role. Spec: core §3.1. */
class ShimConformanceTest extends UapiTestCase {
    private static final int CLEAR = 2;

    private long iommufd;
    private long group;

    private void setUp(String device) {
        iommufd = program.open(Program.IOMMU);
        group = program.open(groupPath(device));
        require("SET_CONTAINER", program.setContainer(group, iommufd));
    }

    @Test
    @Spec("C-042")
    void shouldTakeSetIommuOnceThereIsAGroup() {
        iommufd = program.open(Program.IOMMU);
        refused("before a group", program.setIommu(iommufd, VfioExtension.VFIO_TYPE1v2_IOMMU), Errno.ENODEV);
        group = program.open(groupPath(EDU));
        require("SET_CONTAINER", program.setContainer(group, iommufd));
        assertThat(program.setIommu(iommufd, VfioExtension.VFIO_TYPE1v2_IOMMU)).isZero();
        assertThat(program.setIommu(iommufd, VfioExtension.VFIO_TYPE1v2_IOMMU))
                .as("again")
                .isZero();
        refused("type 8", program.setIommu(iommufd, VfioExtension.VFIO_NOIOMMU_IOMMU), Errno.EINVAL);
    }

    @Test
    @Spec("C-043")
    void shouldOpenDevicesWithoutSetIommu() {
        setUp(EDU);
        assertThat(program.getDeviceFd(group, EDU)).isNotNegative();
    }

    @Test
    @Spec("C-044")
    void shouldRefuseOnlyTheDeviceOfAGroupThatIsNotViable() {
        setUp(NOT_VIABLE);
        assertThat(program.status(group)).as("flags").isEqualTo(3);
        refused("GET_DEVICE_FD", program.getDeviceFd(group, NOT_VIABLE), Errno.EPERM);
    }

    @Test
    @Spec("C-045")
    void shouldLetTheGroupGoWhileDevicesAreOpen() {
        setUp(EDU);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        assertThat(program.unsetContainer(group)).as("UNSET with a device open").isZero();
        new EduProgram(program, device);
        refused("second UNSET", program.unsetContainer(group), Errno.EINVAL);
        refused("GET_DEVICE_FD", program.getDeviceFd(group, EDU), Errno.EINVAL);
    }

    @Test
    @Spec({"C-046", "C-047"})
    void shouldReopenAGroupWhoseDeviceIsOpen() {
        setUp(LEFT);
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, LEFT));
        require("close", system.close(group));
        group = program.open(groupPath(LEFT));
        assertThat(program.status(group)).as("flags of an owned group").isZero();
        refused("SET_CONTAINER", program.setContainer(group, program.open(Program.CONTAINER)), Errno.EPERM);
        require("SET_CONTAINER(other iommufd)", program.setContainer(group, program.open(Program.IOMMU)));
        assertThat(program.getDeviceFd(group, LEFT)).as("same device").isNotNegative();
        refused("sibling", program.getDeviceFd(group, RIGHT), Errno.EPERM);
        new EduProgram(program, device);
    }

    @Test
    @Spec("C-048")
    void shouldRefuseDevicesOnceTheCompatSpaceIsCleared() {
        setUp(EDU);
        var clear = program.argument(IommuVfioIoas.SIZEOF);
        IommuVfioIoas.size(clear, IommuVfioIoas.SIZEOF);
        IommuVfioIoas.op(clear, (short) CLEAR);
        require("VFIO_IOAS CLEAR", system.ioctl(iommufd, IommufdIoctl.IOMMU_VFIO_IOAS, clear));
        refused("GET_DEVICE_FD", program.getDeviceFd(group, EDU), Errno.ENODEV);
        require("close", system.close(group));
        long node = program.open(nodePath(EDU));
        assertThat(program.bind(node, iommufd)).as("BIND afterwards").isPositive();
    }

    @Test
    @Spec("C-051")
    void shouldRefuseWhatItDoesNotKnow() {
        iommufd = program.open(Program.IOMMU);
        refused(
                "DMA_CC before a group",
                program.checkExtension(iommufd, VfioExtension.VFIO_DMA_CC_IOMMU),
                Errno.ENODEV);
        refused("unknown", system.ioctl(iommufd, 0x3bff, 0), Errno.ENOTTY);
        refused("DIRTY_PAGES", system.ioctl(iommufd, VfioIoctl.VFIO_IOMMU_DIRTY_PAGES, 0), Errno.ENOTTY);
    }

    @Test
    void shouldMoveDataThroughTheLegacyCalls() {
        setUp(EDU);
        require("SET_IOMMU", program.setIommu(iommufd, VfioExtension.VFIO_TYPE1v2_IOMMU));
        long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        var edu = new EduProgram(program, device);
        var memory = system.memory(16384);
        require("MAP_DMA", program.mapDma(iommufd, memory, 1 << 20));
        edu.assertCarries(memory, 1 << 20);
        assertThat(program.unmapDma(iommufd, 1 << 20, memory.byteSize()))
                .as("bytes unmapped")
                .isEqualTo(16384);
        edu.assertCannotWrite(memory, 1 << 20);
    }
}
