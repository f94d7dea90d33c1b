// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;
import static org.vfio4j.conformance.SerialProgram.PIN;
import static org.vfio4j.conformance.SerialProgram.RECEIVE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.VfioBitmap;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmap;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmapGet;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;

/**
 * How a mediated device reaches its user's memory: pinned pages and copies in software, through every backend, as a DMA
 * engine meets them. Spec: mdev §6, §7.
 */
class SerialMemoryConformanceTest extends SerialTestCase {
    private static final int PAGE = 4096;
    private static final long IOVA = 0x40_0000;
    private static final int READ = 1;

    /** A device of a container. */
    private SerialProgram inContainer(long container, int type) {
        long group = program.open(groupPath(ENGINE));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, type));
        return new SerialProgram(system, require("GET_DEVICE_FD", program.getDeviceFd(group, ENGINE)));
    }

    private static MemorySegment pattern(MemorySegment memory) {
        for (long i = 0; i < memory.byteSize(); i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + i / PAGE));
        }
        return memory;
    }

    private void assertMoves(SerialProgram device, MemorySegment memory, int way) {
        assertThat(device.transfer(IOVA + 100, PAGE, way))
                .as("read over two pages")
                .isZero();
        assertThat(device.transfer(IOVA + 2 * PAGE, PAGE, way | RECEIVE))
                .as("write")
                .isZero();
        assertThat(memory.asSlice(2 * PAGE, PAGE).mismatch(memory.asSlice(100, PAGE)))
                .as("first byte that arrived wrongly")
                .isEqualTo(-1);
    }

    @Test
    @Spec("M-033")
    void shouldBeFoundByItsNameAndNothingElse() {
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(ENGINE));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        refused("UUID and more", program.getDeviceFd(group, ENGINE + " x"), Errno.ENODEV);
        refused("another UUID", program.getDeviceFd(group, DUAL), Errno.ENODEV);
        assertThat(program.getDeviceFd(group, ENGINE)).isNotNegative();
    }

    @Test
    @Spec({"M-034", "M-035"})
    void shouldKnowNeitherTokensNorAddressSpacesOfProcesses() {
        long file = program.open(nodePath(ENGINE));
        var bind = program.argument(VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.flags(bind, 1);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        VfioDeviceBindIommufd.tokenUuidPtr(bind, system.memory(16).address());
        refused("BIND with a token", system.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind), Errno.EINVAL);
        require("BIND", program.bind(file, iommufd));
        refused("ATTACH to nothing", program.attach(file, 4711), Errno.ENOENT);
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        var attach = program.argument(VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.argsz(attach, VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.flags(attach, 1);
        VfioDeviceAttachIommufdPt.ptId(attach, (int) ioas);
        VfioDeviceAttachIommufdPt.pasid(attach, 5);
        refused(
                "ATTACH with a PASID",
                system.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach),
                Errno.EOPNOTSUPP);
        require("ATTACH", program.attach(file, ioas));
    }

    @Test
    @Spec({"M-037", "M-047"})
    void shouldReachMappedMemoryOfAContainer() {
        long container = program.open(Program.CONTAINER);
        var device = inContainer(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
        // Two mappings that are neighbours in I/O addresses only.
        var memory = pattern(system.memory(8 * PAGE));
        require("MAP_DMA", program.mapDma(container, memory.asSlice(0, PAGE), IOVA));
        require("MAP_DMA", program.mapDma(container, memory.asSlice(3 * PAGE, 3 * PAGE), IOVA + PAGE));
        for (int way : new int[] {0, PIN}) {
            assertThat(device.transfer(IOVA + 100, PAGE, way)).isZero();
            assertThat(device.transfer(IOVA + 2 * PAGE, PAGE, way | RECEIVE)).isZero();
            var arrived = memory.asSlice(4 * PAGE, PAGE);
            assertThat(arrived.asSlice(0, PAGE - 100).mismatch(memory.asSlice(100, PAGE - 100)))
                    .as("what lay in the first mapping, way %d", way)
                    .isEqualTo(-1);
            assertThat(arrived.asSlice(PAGE - 100).mismatch(memory.asSlice(3 * PAGE, 100)))
                    .as("what lay in the second mapping, way %d", way)
                    .isEqualTo(-1);
            arrived.fill((byte) 0);
        }
    }

    @Test
    @Spec("M-038")
    void shouldNotPinThroughAVersion1Container() {
        long container = program.open(Program.CONTAINER);
        var device = inContainer(container, VfioExtension.VFIO_TYPE1_IOMMU);
        var memory = pattern(system.memory(4 * PAGE));
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        assertThat(device.transfer(IOVA, PAGE, PIN)).as("pin").isEqualTo(Errno.EACCES.number());
        assertMoves(device, memory, 0);
    }

    @Test
    @Spec({"M-040", "M-041", "M-048", "M-049"})
    void shouldRespectHolesAndPermissionsOfAContainer() {
        long container = program.open(Program.CONTAINER);
        var device = inContainer(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
        var memory = pattern(system.memory(4 * PAGE));
        var map = program.argument(VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.argsz(map, VfioIommuType1DmaMap.SIZEOF);
        VfioIommuType1DmaMap.flags(map, READ);
        VfioIommuType1DmaMap.vaddr(map, memory.address());
        VfioIommuType1DmaMap.iova(map, IOVA);
        VfioIommuType1DmaMap.size(map, PAGE);
        require("MAP_DMA", system.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, map));
        assertRespects(device, memory, Errno.EINVAL);
    }

    @Test
    @Spec({"M-040", "M-041", "M-048", "M-049"})
    void shouldRespectHolesAndPermissionsOfAnIoas() {
        long file = bound(ENGINE);
        var device = new SerialProgram(system, file);
        assertThat(device.transfer(IOVA, PAGE, PIN))
                .as("pin without an address space")
                .isEqualTo(Errno.ENOENT.number());
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        require("ATTACH", program.attach(file, ioas));
        var memory = pattern(system.memory(4 * PAGE));
        var map = program.argument(IommuIoasMap.SIZEOF);
        IommuIoasMap.size(map, IommuIoasMap.SIZEOF);
        IommuIoasMap.flags(map, 5); // fixed, readable
        IommuIoasMap.ioasId(map, (int) ioas);
        IommuIoasMap.userVa(map, memory.address());
        IommuIoasMap.length(map, PAGE);
        IommuIoasMap.iova(map, IOVA);
        require("IOAS_MAP", system.ioctl(iommufd, IommufdIoctl.IOMMU_IOAS_MAP, map));
        assertRespects(device, memory, Errno.ENOENT);
    }

    /** One page is mapped for reading. */
    private void assertRespects(SerialProgram device, MemorySegment memory, Errno hole) {
        for (int way : new int[] {0, PIN}) {
            byte before = memory.get(ValueLayout.JAVA_BYTE, 0);
            assertThat(device.transfer(IOVA, 64, way)).as("read, way %d", way).isZero();
            assertThat(device.transfer(IOVA, 64, way | RECEIVE))
                    .as("write to memory mapped for reading, way %d", way)
                    .isEqualTo(Errno.EPERM.number());
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo(before);
            assertThat(device.transfer(IOVA + 64 * PAGE, 64, way))
                    .as("read of a hole, way %d", way)
                    .isEqualTo(hole.number());
            assertThat(device.transfer(IOVA + 100, PAGE, way))
                    .as("read into a hole, way %d", way)
                    .isEqualTo(hole.number());
        }
        device.release();
        assertThat(machine.pinnedPages()).as("pages pinned after RELEASE").isZero();
    }

    @Test
    @Spec({"M-043", "M-046"})
    void shouldGiveItsPinsBackWhenMemoryGoes() {
        long file = bound(ENGINE);
        var device = new SerialProgram(system, file);
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        require("ATTACH", program.attach(file, ioas));
        var memory = pattern(system.memory(4 * PAGE));
        require("IOAS_MAP", program.mapIoas(iommufd, ioas, memory, IOVA));
        assertMoves(device, memory, PIN);
        assertThat(device.pinned()).isEqualTo(3);
        require("IOAS_UNMAP", program.unmapIoas(iommufd, ioas, IOVA, memory.byteSize()));
        assertThat(device.pinned()).as("pins after the memory went").isZero();
        require("IOAS_MAP", program.mapIoas(iommufd, ioas, memory, IOVA));
        assertMoves(device, memory, PIN);
        require("DETACH", program.detach(file));
        assertThat(device.pinned()).as("pins after DETACH").isZero();
        assertThat(machine.pinnedPages()).as("pages pinned after DETACH").isZero();
    }

    @Test
    @Spec("M-043")
    void shouldGiveItsPinsBackWhenMemoryOfAContainerGoes() {
        long container = program.open(Program.CONTAINER);
        var device = inContainer(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
        var memory = pattern(system.memory(4 * PAGE));
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        assertMoves(device, memory, PIN);
        assertThat(device.pinned()).isEqualTo(3);
        assertThat(program.unmapDma(container, IOVA, memory.byteSize())).isEqualTo(memory.byteSize());
        assertThat(device.pinned()).as("pins after the memory went").isZero();
        assertThat(device.transfer(IOVA, PAGE, PIN)).isEqualTo(Errno.EINVAL.number());
    }

    @Test
    @Spec("M-051")
    void shouldMakeDirtyWhatItWritesAndWhatItPins() {
        long container = program.open(Program.CONTAINER);
        var device = inContainer(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
        var memory = pattern(system.memory(8 * PAGE));
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        require("pin before tracking", device.transfer(IOVA + PAGE, 64, PIN));
        device.release();
        dirtyPages(container, VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
        assertThat(dirtyPages(container, VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP) & (1L << 5 | 1L << 6))
                .as("pages nobody touched since the group pins for itself")
                .isZero();
        assertThat(device.transfer(IOVA + 5 * PAGE, 64, RECEIVE)).isZero();
        assertThat(device.transfer(IOVA + 6 * PAGE, 64, PIN | RECEIVE)).isZero();
        assertThat(dirtyPages(container, VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP))
                .as("pages written by copying and pinned")
                .isEqualTo(1L << 5 | 1L << 6);
    }

    /** DIRTY_PAGES; for GET_BITMAP the bits of the eight pages mapped. */
    private long dirtyPages(long container, int flag) {
        var bitmap = system.memory(PAGE);
        var request = program.argument(VfioIommuType1DirtyBitmap.SIZEOF + VfioIommuType1DirtyBitmapGet.SIZEOF);
        VfioIommuType1DirtyBitmap.argsz(request, (int) request.byteSize());
        VfioIommuType1DirtyBitmap.flags(request, flag);
        var get = request.asSlice(VfioIommuType1DirtyBitmap.SIZEOF);
        VfioIommuType1DirtyBitmapGet.iova(get, IOVA);
        VfioIommuType1DirtyBitmapGet.size(get, 8 * PAGE);
        var bits = VfioIommuType1DirtyBitmapGet.bitmap(get);
        VfioBitmap.pgsize(bits, PAGE);
        VfioBitmap.size(bits, Long.BYTES);
        VfioBitmap.data(bits, bitmap.address());
        require("DIRTY_PAGES", system.ioctl(container, VfioIoctl.VFIO_IOMMU_DIRTY_PAGES, request));
        return bitmap.get(ValueLayout.JAVA_LONG, 0);
    }
}
