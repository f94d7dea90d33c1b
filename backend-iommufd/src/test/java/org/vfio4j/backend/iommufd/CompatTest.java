// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.IommuVfioIoas;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;
import org.vfio4j.uapi.struct.VfioIommuType1Info;

/** The shim: an iommufd that answers a container's ioctls. Spec: iommufd §9. */
class CompatTest {
    private final Rig rig = new Rig();
    private final MemorySegment page = rig.page();
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[8]);

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    @Spec({"I-216", "I-217", "I-225"})
    void shouldAnswerNodevOnlyAfterTheArgumentChecks() {
        assertThat(rig.file.ioctl(rig.caller, VfioIoctl.VFIO_GET_API_VERSION, 0))
                .isZero();
        for (int extension : new int[] {1, 3, 9, 8}) {
            assertThat(extension(extension)).as("extension %d", extension).isEqualTo(1);
        }
        for (int extension : new int[] {2, 5, 6, 7, 10, 77}) {
            assertThat(extension(extension)).as("extension %d", extension).isZero();
        }
        assertThat(errnoOf(() -> extension(4))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> setIommu(1))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> setIommu(3))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> setIommu(7))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> mapDma(32, 3, 0, 0, PAGE))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> mapDma(31, 3, 0, 0, PAGE))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> mapDma(32, 4, 0, 0, PAGE))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> unmapDma(0, 0, PAGE))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> unmapDma(1, 0, PAGE))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> getInfo(16))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> getInfo(15))).isEqualTo(Errno.EINVAL);
        for (int command : new int[] {0x3b75, 0x3b71 + 6, 0x3b74, 0x3b79, 0x3b67, 0x3b6a}) {
            assertThat(errnoOf(() -> rig.file.ioctl(rig.caller, command, 0)))
                    .as("0x%x", command)
                    .isEqualTo(Errno.ENOTTY);
        }
    }

    @Test
    @Spec({"I-230", "I-226"})
    void shouldDesignateAnIoasWithoutHoldingIt() {
        assertThat(errnoOf(() -> vfioIoas(0, 0))).isEqualTo(Errno.ENODEV);
        assertThat(errnoOf(() -> vfioIoas(1, 99))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> vfioIoas(9, 0))).isEqualTo(Errno.EOPNOTSUPP);
        int ioas = rig.ioas();
        vfioIoas(1, ioas);
        assertThat(vfioIoas(0, 0)).isEqualTo(ioas);
        vfioIoas(2, 0);
        assertThat(errnoOf(() -> vfioIoas(0, 0))).isEqualTo(Errno.ENODEV);
        vfioIoas(2, 0);
        vfioIoas(1, ioas);
        rig.context.destroy(ioas);
        assertThat(rig.context.hasCompatIoas()).isFalse();
        assertThat(errnoOf(() -> vfioIoas(0, 0))).isEqualTo(Errno.ENODEV);
        rig.context.ensureCompatIoas();
        int made = rig.context.compatIoas();
        rig.context.ensureCompatIoas();
        assertThat(rig.context.compatIoas()).as("kept").isEqualTo(made);
        IommufdDevice device = rig.bind(rig.device());
        int table = device.attach(made);
        assertThat(errnoOf(() -> vfioIoas(1, table))).as("no IOAS").isEqualTo(Errno.ENOENT);
        device.unbind();
    }

    @Test
    @Spec("I-227")
    void shouldStayInNoIommuMode() {
        rig.context.setNoIommuMode();
        assertThat(extension(1)).isZero();
        assertThat(extension(9)).isZero();
        assertThat(errnoOf(() -> setIommu(3))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> setIommu(8))).isEqualTo(Errno.EPERM);
        rig.caller.grant(Capability.SYS_RAWIO);
        assertThat(setIommu(8)).isZero();
        assertThat(errnoOf(rig.context::ensureCompatIoas)).isEqualTo(Errno.EINVAL);
        try (Rig other = new Rig()) {
            other.context.ensureCompatIoas();
            assertThat(errnoOf(other.context::setNoIommuMode)).isEqualTo(Errno.EINVAL);
            assertThat(other.context.noIommuMode()).isFalse();
        }
    }

    @Test
    @Spec({"I-218", "I-219", "I-220", "I-221"})
    void shouldActAsVersion2() {
        rig.context.ensureCompatIoas();
        assertThat(extension(4)).as("no hardware").isEqualTo(1);
        assertThat(setIommu(3)).isZero();
        assertThat(setIommu(3)).isZero();
        MemorySegment buffer = rig.memory.allocate(4 * PAGE);
        mapDma(32, 0, buffer.address(), 0x9_0000, PAGE);
        assertThat(unmapDma(0, 0x9_0000, PAGE)).isEqualTo(PAGE);
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        bound.attach(rig.context.compatIoas());
        assertThat(extension(4)).as("does not enforce").isZero();
        mapDma(32, 3, buffer.address(), 0x1_0000, 4 * PAGE);
        assertThat(errnoOf(() -> mapDma(32, 3, buffer.address(), 0x1_0000, 4 * PAGE)))
                .isEqualTo(Errno.EEXIST);
        assertThat(device.dma().read(0x1_3000, scratch, 0, 8)).isTrue();
        assertThat(errnoOf(() -> setIommu(1))).as("hardware and areas").isEqualTo(Errno.EINVAL);
        assertThat(unmapDma(0, 0x8_0000, PAGE)).as("nothing there").isZero();
        assertThat(errnoOf(() -> unmapDma(0, 0x1_1000, PAGE))).isEqualTo(Errno.ENOENT);
        assertThat(VfioIommuType1DmaUnmap.size(page)).isZero();
        assertThat(errnoOf(() -> unmapDma(0, 0x1_0000, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> unmapDma(2, 0, PAGE))).isEqualTo(Errno.EINVAL);
        assertThat(unmapDma(2, 0, 0)).isEqualTo(4 * PAGE);
        rig.assertNothingPinned();
        assertThat(setIommu(1)).isZero();
        assertThat(rig.ioas(rig.context.compatIoas()).engine().largePages()).isFalse();
        assertThat(setIommu(3)).isZero();
        assertThat(rig.ioas(rig.context.compatIoas()).engine().largePages())
                .as("stay off")
                .isFalse();
        bound.unbind();
    }

    @Test
    void shouldReportWhatWasRemovedBeforeAFailure() {
        rig.context.ensureCompatIoas();
        mapDma(32, 3, 0x10_0000, 0x1_0000, PAGE);
        mapDma(32, 3, 0x10_0000, 0x1_2000, 2 * PAGE);
        assertThat(errnoOf(() -> unmapDma(0, 0x1_0000, 3 * PAGE))).isEqualTo(Errno.ENOENT);
        assertThat(VfioIommuType1DmaUnmap.size(page)).isEqualTo(PAGE);
    }

    @Test
    @Spec("I-222")
    void shouldCutMappingsAsVersion1() {
        rig.context.ensureCompatIoas();
        setIommu(1);
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        bound.attach(rig.context.compatIoas());
        MemorySegment buffer = rig.memory.allocate(4 * PAGE);
        mapDma(32, 3, buffer.address(), 0x1_0000, 4 * PAGE);
        assertThat(unmapDma(0, 0x1_1000, PAGE)).isEqualTo(PAGE);
        assertThat(rig.physical.pinnedPages()).isEqualTo(3);
        assertThat(device.dma().read(0x1_0000, scratch, 0, 8)).isTrue();
        assertThat(device.dma().read(0x1_1000, scratch, 0, 8)).isFalse();
        assertThat(device.dma().read(0x1_3000, scratch, 0, 8)).isTrue();
        assertThat(errnoOf(() -> unmapDma(0, 0x1_2800, PAGE))).isEqualTo(Errno.EINVAL);
        assertThat(unmapDma(0, 0xf000, 8 * PAGE)).isEqualTo(3 * PAGE);
        rig.assertNothingPinned();
        bound.unbind();
    }

    @Test
    @Spec("I-223")
    void shouldNotCutWhatAnAccessPins() {
        rig.context.ensureCompatIoas();
        setIommu(1);
        IommufdAccess access = rig.context.createAccess(new AccessClient() {
            @Override
            public boolean needsPinPages() {
                return true;
            }

            @Override
            public void dmaUnmap(long iova, long length) {}
        });
        access.attach(rig.context.compatIoas());
        MemorySegment buffer = rig.memory.allocate(4 * PAGE);
        mapDma(32, 3, buffer.address(), 0x1_0000, 4 * PAGE);
        access.pin(0x1_3000, PAGE, false, (phys, length) -> {});
        assertThat(errnoOf(() -> unmapDma(0, 0x1_1000, PAGE))).isEqualTo(Errno.EINVAL);
        access.unpin(0x1_3000, PAGE);
        assertThat(unmapDma(0, 0x1_1000, PAGE)).isEqualTo(PAGE);
        access.destroy();
    }

    @Test
    @Spec("I-224")
    void shouldNeverWriteBeyondArgsz() {
        rig.context.ensureCompatIoas();
        for (int argsz = 16; argsz <= 100; argsz++) {
            page.fill((byte) 0xaa);
            getInfo(argsz);
            assertThat(VfioIommuType1Info.argsz(page)).isEqualTo(72);
            assertThat(VfioIommuType1Info.iovaPgsizes(page)).isEqualTo(0xffff_ffff_ffff_f000L);
            for (int i = Math.min(argsz, 72); i < 128; i++) {
                assertThat(page.get(UapiLayouts.U8, i))
                        .as("argsz %d byte %d", argsz, i)
                        .isEqualTo((byte) 0xaa);
            }
            if (argsz >= 24) {
                assertThat(VfioIommuType1Info.capOffset(page)).isEqualTo(argsz >= 72 ? 24 : 0);
            }
        }
        assertThat(page.get(UapiLayouts.U16, 24)).as("DMA_AVAIL").isEqualTo((short) 3);
        assertThat(page.get(UapiLayouts.U32, 28)).as("next").isEqualTo(40);
        assertThat(page.get(UapiLayouts.U32, 32)).isEqualTo(-1);
        assertThat(page.get(UapiLayouts.U16, 40)).as("IOVA_RANGE").isEqualTo((short) 1);
        assertThat(page.get(UapiLayouts.U32, 44)).as("end of chain").isZero();
        assertThat(page.get(UapiLayouts.U32, 48)).as("ranges").isEqualTo(1);
        assertThat(page.get(UapiLayouts.U64, 56)).isZero();
        assertThat(page.get(UapiLayouts.U64, 64)).isEqualTo(-1);
    }

    private long extension(long number) {
        return rig.file.ioctl(rig.caller, VfioIoctl.VFIO_CHECK_EXTENSION, number);
    }

    private long setIommu(long type) {
        return rig.file.ioctl(rig.caller, VfioIoctl.VFIO_SET_IOMMU, type);
    }

    private void getInfo(int argsz) {
        VfioIommuType1Info.argsz(page, argsz);
        rig.ioctl(VfioIoctl.VFIO_IOMMU_GET_INFO);
    }

    private void mapDma(int argsz, int flags, long vaddr, long iova, long size) {
        VfioIommuType1DmaMap.argsz(page, argsz);
        VfioIommuType1DmaMap.flags(page, flags);
        VfioIommuType1DmaMap.vaddr(page, vaddr);
        VfioIommuType1DmaMap.iova(page, iova);
        VfioIommuType1DmaMap.size(page, size);
        rig.ioctl(VfioIoctl.VFIO_IOMMU_MAP_DMA);
    }

    private long unmapDma(int flags, long iova, long size) {
        VfioIommuType1DmaUnmap.argsz(page, 24);
        VfioIommuType1DmaUnmap.flags(page, flags);
        VfioIommuType1DmaUnmap.iova(page, iova);
        VfioIommuType1DmaUnmap.size(page, size);
        rig.ioctl(VfioIoctl.VFIO_IOMMU_UNMAP_DMA);
        return VfioIommuType1DmaUnmap.size(page);
    }

    private int vfioIoas(int op, int id) {
        page.fill((byte) 0);
        IommuVfioIoas.size(page, 12);
        IommuVfioIoas.op(page, op);
        IommuVfioIoas.ioasId(page, id);
        rig.ioctl(IommufdIoctl.IOMMU_VFIO_IOAS);
        return IommuVfioIoas.ioasId(page);
    }
}
