// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.ProcessOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuVfioIoas;
import org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;

/** Mappings of a device's registers as memory: pointers into them, and other devices that reach them. Spec: type1 §9.2. */
class DeviceMemoryConformanceTest extends DeviceMemoryTestCase {
    @Test
    @Spec("T-040")
    void shouldNotMapMemoryThatMayNotBeTouched() {
        open();
        var memory = system.memory(2 * PAGE);
        system.protect(memory.asSlice(PAGE, PAGE), UapiSystem.NO_ACCESS);
        refused("MAP of a range with PROT_NONE", program.mapDma(container, memory, IOVA), Errno.EFAULT);
        refused("MAP to read it", mapDma(memory.address() + PAGE, PAGE, READ, IOVA), Errno.EFAULT);
        refused(
                "an argument there",
                system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, memory.address() + PAGE),
                Errno.EFAULT);
        assertThat(machine.pinnedPages()).as("pages pinned").isZero();
        system.protect(memory, READ_WRITE);
        assertThat(program.mapDma(container, memory, IOVA)).as("MAP after that").isZero();
    }

    @Test
    @Spec("T-045")
    void shouldMapRegistersWithoutACharge() {
        open();
        long vaddr = mapped(READ_WRITE);
        system.become(ProcessOptions.user(1, 0));
        refused("MAP of memory", program.mapDma(container, system.memory(PAGE), RAM_IOVA), Errno.ENOMEM);
        assertThat(mapDma(vaddr, barSize, READ_WRITE, IOVA))
                .as("MAP of registers")
                .isZero();
        system.become(ProcessOptions.root());
        var text = carryTo(IOVA + 16);
        assertThat(registers(16, text.length)).as("what another device wrote").isEqualTo(text);
        assertThat(system.peek(vaddr + 16, text.length))
                .as("what the program sees")
                .isEqualTo(text);
        assertThat(program.unmapDma(container, IOVA, barSize)).isEqualTo(barSize);
    }

    @Test
    @Spec("T-046")
    void shouldUnmapAllOfRegistersWhereverTheyLie() {
        open();
        long vaddr = mapped(READ_WRITE);
        // Never congruent modulo 1 GiB.
        long iova = 4 * IOVA + ((vaddr + PAGE) & (IOVA - 1));
        assertThat(mapDma(vaddr, barSize, READ_WRITE, iova)).as("MAP").isZero();
        var text = carryTo(iova + barSize - 64);
        assertThat(registers(barSize - 64, text.length)).isEqualTo(text);
        assertThat(program.unmapDma(container, iova, barSize)).as("UNMAP").isEqualTo(barSize);
    }

    @Test
    @Spec("T-047")
    void shouldNotLetDevicesWriteThroughAReadOnlyMapping() {
        open();
        long vaddr = mapped(READ);
        refused("MAP to write", mapDma(vaddr, barSize, READ_WRITE, IOVA), Errno.EFAULT);
        assertThat(mapDma(vaddr, barSize, READ, IOVA)).as("MAP to read").isZero();
        var before = registers(0, 32);
        carryTo(IOVA);
        assertThat(registers(0, 32)).as("after a device tried").isEqualTo(before);
    }

    @Test
    void shouldTakeArgumentsInRegisters() {
        open();
        long vaddr = mapped(READ_WRITE);
        var map = system.memory(VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.argsz(map, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(map, READ_WRITE);
        VfioIommuType1DmaMap.vaddr(map, vaddr);
        VfioIommuType1DmaMap.iova(map, IOVA);
        VfioIommuType1DmaMap.size(map, PAGE);
        assertThat(system.pwrite(card, map, barOffset)).isEqualTo(map.byteSize());
        assertThat(system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, vaddr)).isZero();
        assertThat(program.unmapDma(container, IOVA, PAGE)).isEqualTo(PAGE);
    }

    @Test
    void shouldReachRegistersUntilTheirUnmapDma() {
        open();
        long vaddr = mapped(READ_WRITE);
        require("MAP_DMA", mapDma(vaddr, barSize, READ_WRITE, IOVA));
        require("munmap", system.munmap(vaddr));
        refused("MAP of what is unmapped", mapDma(vaddr, barSize, READ_WRITE, 2 * IOVA), Errno.EFAULT);
        assertThat(program.unmapDma(container, IOVA, barSize)).as("UNMAP").isEqualTo(barSize);
        assertThat(machine.pinnedPages()).as("pages pinned").isZero();
    }

    @Test
    void shouldNotMapRegistersThroughIommufd() {
        container = program.open(Program.IOMMU);
        long group = program.open(groupPath(CARD));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, V2));
        openCard(group);
        long vaddr = mapped(READ_WRITE);
        refused("MAP_DMA", mapDma(vaddr, barSize, READ_WRITE, IOVA), Errno.EFAULT);
        var get = program.argument(IommuVfioIoas.SIZEOF);
        IommuVfioIoas.size(get, IommuVfioIoas.SIZEOF);
        require("VFIO_IOAS GET", system.ioctl(container, IommufdIoctl.IOMMU_VFIO_IOAS, get));
        long ioas = IommuVfioIoas.ioasId(get);
        require("IOAS_MAP of memory", program.mapIoas(container, ioas, system.memory(PAGE), RAM_IOVA));
        var map = program.argument(IommuIoasMap.SIZEOF);
        IommuIoasMap.size(map, IommuIoasMap.SIZEOF);
        IommuIoasMap.flags(map, 7);
        IommuIoasMap.ioasId(map, (int) ioas);
        IommuIoasMap.userVa(map, vaddr);
        IommuIoasMap.length(map, barSize);
        IommuIoasMap.iova(map, IOVA);
        refused("IOAS_MAP", system.ioctl(container, IommufdIoctl.IOMMU_IOAS_MAP, map), Errno.EFAULT);
        assertThat(machine.pinnedPages()).as("pages pinned: that of memory").isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {VfioExtension.VFIO_SPAPR_TCE_IOMMU, VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU})
    void shouldNotMapRegistersBehindTceHardware(int type) {
        container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(TCE_CARD));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, type));
        openCard(group, TCE_CARD);
        long vaddr = mapped(READ_WRITE);
        if (type == VfioExtension.VFIO_SPAPR_TCE_IOMMU) {
            require("ENABLE", system.ioctl(container, VfioIoctl.VFIO_IOMMU_ENABLE, 0));
            refused("MAP_DMA", mapDma(vaddr, PAGE, READ_WRITE, RAM_IOVA), Errno.EFAULT);
            assertThat(mapDma(system.memory(PAGE).address(), PAGE, READ_WRITE, RAM_IOVA))
                    .as("MAP_DMA of memory")
                    .isZero();
            return;
        }
        refused("REGISTER_MEMORY", registerMemory(vaddr, barSize), Errno.EFAULT);
        assertThat(machine.pinnedPages()).as("pages pinned").isZero();
        assertThat(registerMemory(system.memory(PAGE).address(), PAGE))
                .as("REGISTER_MEMORY of memory")
                .isZero();
    }

    private long registerMemory(long vaddr, long size) {
        var register = program.argument(VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.argsz(register, VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.vaddr(register, vaddr);
        VfioIommuSpaprRegisterMemory.size(register, size);
        return system.ioctl(container, VfioIoctl.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, register);
    }

    @Test
    @Spec("C-029")
    void shouldKeepTheGroupBusyUntilItsRegistersAreUnmapped() {
        container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(CARD));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, V2));
        openCard(group);
        long vaddr = mapped(READ_WRITE);
        require("close of the group", system.close(group));
        refused("open with a device open", system.open(groupPath(CARD)), Errno.EBUSY);
        require("close of the device", system.close(card));
        refused("open with a mapping", system.open(groupPath(CARD)), Errno.EBUSY);
        require("munmap", system.munmap(vaddr));
        assertThat(system.open(groupPath(CARD))).as("open after munmap").isNotNegative();
    }
}
