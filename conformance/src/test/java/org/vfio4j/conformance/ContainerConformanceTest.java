// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;

/** The container's file. Spec: core §3. */
class ContainerConformanceTest extends UapiTestCase {
    private static final int UNKNOWN_COMMAND = 0x3bff;
    private static final int POLL_IN_AND_OUT = 5;

    private long[] containerWithGroup(String device) {
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(device));
        require("SET_CONTAINER", program.setContainer(group, container));
        return new long[] {container, group};
    }

    @Test
    @Spec({"C-001", "C-002", "C-003"})
    void shouldAnswerLittleBeforeAGroupIsThere() {
        long container = program.open(Program.CONTAINER);
        assertThat(system.ioctl(container, VfioIoctl.VFIO_GET_API_VERSION, 0)).isZero();
        for (int type : new int[] {1, 2, 3, 7, 8, 9, 99}) {
            refused("SET_IOMMU " + type, program.setIommu(container, type), Errno.EINVAL);
        }
        refused("unknown ioctl", system.ioctl(container, UNKNOWN_COMMAND, 0), Errno.EINVAL);
        refused("GET_INFO", system.ioctl(container, VfioIoctl.VFIO_IOMMU_GET_INFO, 0), Errno.EINVAL);
    }

    @Test
    void shouldAskEveryBackendForExtensions() {
        long container = program.open(Program.CONTAINER);
        for (int known : new int[] {1, 2, 3, 7, VfioExtension.VFIO_UNMAP_ALL}) {
            assertThat(program.checkExtension(container, known))
                    .as("extension %d", known)
                    .isEqualTo(1);
        }
        assertThat(program.checkExtension(container, 99)).as("extension 99").isZero();
    }

    @Test
    @Spec({"C-005", "C-006", "C-007"})
    void shouldRefuseTypesNobodyOffersAndStayUsable() {
        long container = containerWithGroup(EDU)[0];
        refused("SET_IOMMU 99", program.setIommu(container, 99), Errno.ENODEV);
        refused("SET_IOMMU 8", program.setIommu(container, 8), Errno.ENODEV);
        refused("SET_IOMMU 9", program.setIommu(container, 9), Errno.EINVAL);
        assertThat(program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU))
                .isZero();
    }

    @Test
    @Spec("C-008")
    void shouldTakeOneBackendAndPassCallsOn() {
        long container = containerWithGroup(EDU)[0];
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        refused("SET_IOMMU again", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU), Errno.EINVAL);
        refused("unknown ioctl", system.ioctl(container, UNKNOWN_COMMAND, 0), Errno.ENOTTY);
    }

    @Test
    @Spec("C-009")
    void shouldTakeNoGroupWhenOneCannotBeAttached() {
        long container = program.open(Program.CONTAINER);
        long paging = program.open(groupPath(EDU));
        long tce = program.open(groupPath(TCE_EDU));
        require("SET_CONTAINER of the TCE group", program.setContainer(tce, container));
        require("SET_CONTAINER of the paging group", program.setContainer(paging, container));
        refused("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU), Errno.EOPNOTSUPP);
        refused("call that needs a backend", system.ioctl(container, UNKNOWN_COMMAND, 0), Errno.EINVAL);
        require("UNSET_CONTAINER of the TCE group", program.unsetContainer(tce));
        assertThat(program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU))
                .as("SET_IOMMU once the group that did not fit has left")
                .isZero();
    }

    @Test
    @Spec("C-010")
    void shouldAttachALateGroupAtOnce() {
        long container = containerWithGroup(EDU)[0];
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        long late = program.open(groupPath(OTHER_EDU));
        assertThat(program.setContainer(late, container))
                .as("late SET_CONTAINER")
                .isZero();
        long device = require("GET_DEVICE_FD", program.getDeviceFd(late, OTHER_EDU));
        var memory = system.memory(8192);
        require("MAP_DMA", program.mapDma(container, memory, 1 << 20));
        new EduProgram(program, device).assertCarries(memory, 1 << 20);
    }

    @Test
    @Spec("C-011")
    void shouldStartAfreshWhenTheLastGroupLeaves() {
        var both = containerWithGroup(EDU);
        require("SET_IOMMU", program.setIommu(both[0], VfioExtension.VFIO_TYPE1v2_IOMMU));
        require("UNSET_CONTAINER", program.unsetContainer(both[1]));
        refused("unknown ioctl", system.ioctl(both[0], UNKNOWN_COMMAND, 0), Errno.EINVAL);
        require("SET_CONTAINER", program.setContainer(both[1], both[0]));
        assertThat(program.setIommu(both[0], VfioExtension.VFIO_TYPE1_IOMMU)).isZero();
    }

    @Test
    @Spec("C-012")
    void shouldKeepGroupsWorkingWhenItsDescriptorIsClosed() {
        var both = containerWithGroup(EDU);
        require("SET_IOMMU", program.setIommu(both[0], VfioExtension.VFIO_TYPE1v2_IOMMU));
        var memory = system.memory(8192);
        require("MAP_DMA", program.mapDma(both[0], memory, 1 << 20));
        require("close", system.close(both[0]));
        long device = require("GET_DEVICE_FD", program.getDeviceFd(both[1], EDU));
        new EduProgram(program, device).assertCarries(memory, 1 << 20);
    }

    @Test
    @Spec("C-015")
    void shouldOfferNoContainerWithoutIommuUnlessAsked() {
        long container = program.open(Program.CONTAINER);
        assertThat(program.checkExtension(container, VfioExtension.VFIO_NOIOMMU_IOMMU))
                .isZero();
        containerWithGroup(EDU);
    }

    @Test
    void shouldRefuseReadsAndWritesAndMappings() {
        var both = containerWithGroup(EDU);
        var memory = system.memory(4096);
        for (long file : both) {
            refused("read", system.read(file, memory), Errno.EINVAL);
            refused("write", system.write(file, memory), Errno.EINVAL);
            refused("mmap", system.mmap(file, 0, 4096), Errno.ENODEV);
            assertThat(system.poll(file) & POLL_IN_AND_OUT).as("poll").isEqualTo(POLL_IN_AND_OUT);
        }
    }
}
