// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** A card whose registers are memory, and a function with a DMA engine that can reach them. */
abstract class DeviceMemoryTestCase extends UapiTestCase {
    static final int V2 = VfioExtension.VFIO_TYPE1v2_IOMMU;
    /** A function whose registers are memory, alone in its group. */
    static final String CARD = "0000:00:0a.0";

    /** Such a function behind TCE hardware. */
    static final String TCE_CARD = "0000:00:0b.0";

    static final int READ = 1;
    static final int READ_WRITE = 3;
    static final int PAGE = 4096;
    static final long IOVA = 1 << 30;
    static final long RAM_IOVA = 1 << 20;
    static final int MEMORY_DECODING = 2;

    @TempDir
    Path folder;

    long container;
    long cardGroup;
    long card;
    long edu;
    long barOffset;
    long barSize;

    @Override
    VfioOptions options() {
        var description = folder.resolve("card.json");
        try {
            Files.writeString(description, """
                    {"name": "card",
                     "iommus": [{"name": "iommu0", "kind": "paging"}, {"name": "tce0", "kind": "tce"}],
                     "pci": {"iommu": "iommu0", "nativeDrivers": [], "functions": [
                       {"address": "00:05.0", "model": "edu", "dmaMask": "0xffffffffffff", "driver": "vfio-pci"},
                       {"address": "00:0a.0", "model": "multi", "driver": "vfio-pci"},
                       {"address": "00:0b.0", "model": "multi", "iommu": "tce0", "driver": "vfio-pci"}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    /** Both functions behind one container of type1, the card's memory switched on. */
    final void open() {
        container = program.open(Program.CONTAINER);
        cardGroup = program.open(groupPath(CARD));
        long eduGroup = program.open(groupPath(EDU));
        require("SET_CONTAINER", program.setContainer(cardGroup, container));
        require("SET_CONTAINER", program.setContainer(eduGroup, container));
        require("SET_IOMMU", program.setIommu(container, V2));
        edu = require("GET_DEVICE_FD", program.getDeviceFd(eduGroup, EDU));
        openCard(cardGroup);
    }

    final void openCard(long group) {
        openCard(group, CARD);
    }

    final void openCard(long group, String name) {
        card = require("GET_DEVICE_FD", program.getDeviceFd(group, name));
        var info = region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX);
        barOffset = VfioRegionInfo.offset(info);
        barSize = VfioRegionInfo.size(info);
        decode(true);
    }

    private MemorySegment region(int index) {
        var info = program.argument(VfioRegionInfo.SIZEOF);
        VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
        VfioRegionInfo.index(info, index);
        require("GET_REGION_INFO", system.ioctl(card, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        return info;
    }

    final void decode(boolean on) {
        long config = VfioRegionInfo.offset(region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX));
        var command = program.argument(2);
        command.set(ValueLayout.JAVA_SHORT, 0, (short) (on ? MEMORY_DECODING : 0));
        assertThat(system.pwrite(card, command, config + 4)).isEqualTo(2);
    }

    final long mapped(int protection) {
        return require("mmap", system.mmap(card, barOffset, barSize, protection));
    }

    final long mapDma(long vaddr, long size, int flags, long iova) {
        var map = program.argument(VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.argsz(map, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(map, flags);
        VfioIommuType1DmaMap.vaddr(map, vaddr);
        VfioIommuType1DmaMap.iova(map, iova);
        VfioIommuType1DmaMap.size(map, size);
        return system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, map);
    }

    final byte[] registers(long at, int length) {
        var bytes = system.memory(length);
        assertThat(system.pread(card, bytes, barOffset + at)).isEqualTo(length);
        var copy = bytes.toArray(ValueLayout.JAVA_BYTE);
        system.free(bytes);
        return copy;
    }

    /** A text, one per place, carried by the engine from memory to an address. */
    final byte[] carryTo(long iova) {
        var source = system.memory(PAGE);
        var text = ("written at " + iova).getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(text, 0, source, ValueLayout.JAVA_BYTE, 0, text.length);
        require("MAP_DMA of memory", program.mapDma(container, source, RAM_IOVA));
        new EduProgram(program, edu).carry(RAM_IOVA, iova, text.length);
        assertThat(program.unmapDma(container, RAM_IOVA, PAGE)).isEqualTo(PAGE);
        system.free(source);
        return text;
    }
}
