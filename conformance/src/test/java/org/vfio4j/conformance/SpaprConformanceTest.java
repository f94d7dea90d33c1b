// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceCreate;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceInfo;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceRemove;

/** SPAPR containers from end to end. Spec: spapr. */
class SpaprConformanceTest extends UapiTestCase {
    private static final int PAGE_SHIFT_64K = 16;
    private static final long IOVA = 1 << 20;

    private long container;
    private long device;

    private void setUp(int type) {
        container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(TCE_EDU));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, type));
        device = require("GET_DEVICE_FD", program.getDeviceFd(group, TCE_EDU));
    }

    private long register(int command, MemorySegment memory) {
        var register = program.argument(VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.argsz(register, VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.vaddr(register, memory.address());
        VfioIommuSpaprRegisterMemory.size(register, memory.byteSize());
        return system.ioctl(container, command, register);
    }

    @Test
    void shouldMoveDataOnceVersion1IsEnabled() {
        setUp(VfioExtension.VFIO_SPAPR_TCE_IOMMU);
        var memory = system.memory(65536);
        refused("MAP_DMA before ENABLE", program.mapDma(container, memory, IOVA), Errno.EPERM);
        require("ENABLE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_ENABLE, 0));
        refused("second ENABLE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_ENABLE, 0), Errno.EBUSY);
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        var edu = new EduProgram(program, device);
        edu.assertCarries(memory, IOVA);
        require("UNMAP_DMA", program.unmapDma(container, IOVA, 65536));
        edu.assertCannotWrite(memory, IOVA);
        require("DISABLE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_DISABLE, 0));
        require("second DISABLE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_DISABLE, 0));
        refused("MAP_DMA after DISABLE", program.mapDma(container, memory, IOVA), Errno.EPERM);
    }

    @Test
    void shouldMoveDataInMemoryRegisteredWithVersion2() {
        setUp(VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU);
        var memory = system.memory(65536);
        require("REGISTER", register(VfioIoctl.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, memory));
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        var edu = new EduProgram(program, device);
        edu.assertCarries(memory, IOVA);
        require("UNREGISTER of mapped memory", register(VfioIoctl.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, memory));
        edu.assertCarries(memory, IOVA);
        require("UNMAP_DMA", program.unmapDma(container, IOVA, 65536));
        edu.assertCannotWrite(memory, IOVA);
        assertThat(machine.pinnedPages()).as("pages pinned after the last use").isZero();
        refused("second UNREGISTER", register(VfioIoctl.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, memory), Errno.ENOENT);
    }

    @Test
    void shouldMakeAndRemoveWindows() {
        setUp(VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU);
        var info = program.argument(VfioIommuSpaprTceInfo.SIZEOF);
        VfioIommuSpaprTceInfo.argsz(info, VfioIommuSpaprTceInfo.SIZEOF);
        require("GET_INFO", system.ioctl(container, VfioIoctl.VFIO_IOMMU_SPAPR_TCE_GET_INFO, info));
        assertThat(VfioIommuSpaprTceInfo.dma32WindowSize(info))
                .as("default window")
                .isEqualTo(1 << 31);
        long start = createWindow();
        assertThat(start).as("start of the second window").isEqualTo(1L << 59);
        refused("REMOVE of what is in no window", removeWindow(start - 1), Errno.EINVAL);
        require("REMOVE", removeWindow(start));
        refused("second REMOVE", removeWindow(start), Errno.EINVAL);
    }

    private long createWindow() {
        var create = program.argument(VfioIommuSpaprTceCreate.SIZEOF);
        VfioIommuSpaprTceCreate.argsz(create, VfioIommuSpaprTceCreate.SIZEOF);
        VfioIommuSpaprTceCreate.pageShift(create, PAGE_SHIFT_64K);
        VfioIommuSpaprTceCreate.windowSize(create, 1L << 30);
        VfioIommuSpaprTceCreate.levels(create, 1);
        require("TCE_CREATE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_SPAPR_TCE_CREATE, create));
        return VfioIommuSpaprTceCreate.startAddr(create);
    }

    private long removeWindow(long start) {
        var remove = program.argument(VfioIommuSpaprTceRemove.SIZEOF);
        VfioIommuSpaprTceRemove.argsz(remove, VfioIommuSpaprTceRemove.SIZEOF);
        VfioIommuSpaprTceRemove.startAddr(remove, start);
        return system.ioctl(container, VfioIoctl.VFIO_IOMMU_SPAPR_TCE_REMOVE, remove);
    }
}
