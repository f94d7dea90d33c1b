// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.struct.IommuHwInfo;
import org.vfio4j.uapi.struct.IommuHwptAlloc;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Binding, attaching, replacing and hardware page tables. Spec: iommufd §5.10, §5.11, §7. */
class AttachTest {
    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[8]);

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    @Spec("I-177")
    void shouldCheckTheDeviceBeforeItBinds() {
        TestDevice incoherent = rig.device();
        incoherent.capabilities.remove(IommuCapability.CACHE_COHERENCY);
        assertThat(errnoOf(() -> rig.bind(incoherent))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.bind(new TestDevice("alone", null)))).isEqualTo(Errno.ENODEV);
        var open = new PagingUnit("open", rig.physical, PagingConfig.defaults().withIsolatedMsi(false), rig.faults);
        TestDevice unsafe = rig.device(open);
        assertThat(errnoOf(() -> rig.bind(unsafe))).isEqualTo(Errno.EPERM);
        rig.options.put("allow_unsafe_interrupts", "Y");
        rig.bind(unsafe).unbind();
        TestDevice forced = rig.device(new ReservedRegion(0, 0xfff, ReservedRegion.Type.DIRECT));
        assertThat(errnoOf(() -> rig.bind(forced))).isEqualTo(Errno.EINVAL);
        assertThat(forced.group().dmaUnowned()).isTrue();
    }

    @Test
    @Spec({"I-176", "I-178"})
    void shouldOwnTheGroupExclusively() {
        EmbeddedGroup group = rig.unit.newGroup(100);
        var first = new TestDevice("a", group);
        var second = new TestDevice("b", group);
        IommufdDevice bound = rig.bind(first);
        try (Rig other = new Rig()) {
            assertThat(errnoOf(() -> other.bind(second))).isEqualTo(Errno.EPERM);
            assertThat(other.context.hasGroup(group)).isFalse();
        }
        assertThat(rig.context.hasGroup(group)).isTrue();
        assertThat(first.dma().read(0, scratch, 0, 8)).isFalse();
        assertThat(rig.faults.faults().getLast().reason()).isEqualTo(DmaFault.Reason.BLOCKED);
        IommufdDevice sibling = rig.bind(second);
        bound.unbind();
        assertThat(group.dmaUnowned()).isFalse();
        sibling.unbind();
        assertThat(group.dmaUnowned()).isTrue();
        assertThat(rig.context.hasGroup(group)).isFalse();
        second.bindNative("test");
        assertThat(errnoOf(() -> rig.bind(first))).isEqualTo(Errno.EPERM);
        second.unbindNative();
    }

    @Test
    @Spec({"I-164", "I-165", "I-166", "I-168", "I-022", "I-024"})
    void shouldShareOneAutomaticTableAndDropItWithTheLastDevice() {
        IommufdDevice first = rig.bind(rig.device());
        IommufdDevice second = rig.bind(rig.device());
        assertThat(errnoOf(() -> first.attach(99))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> first.attach(second.id()))).isEqualTo(Errno.EINVAL);
        int table = first.attach(ioas);
        assertThat(table).isNotEqualTo(ioas);
        assertThat(second.attach(ioas)).isEqualTo(table);
        assertThat(errnoOf(() -> rig.context.destroy(ioas))).isEqualTo(Errno.EBUSY);
        assertThat(errnoOf(() -> rig.context.destroy(first.id()))).isEqualTo(Errno.EBUSY);
        first.detach();
        assertThat(errnoOf(() -> rig.context.destroy(first.id()))).isEqualTo(Errno.EBUSY);
        assertThat(errnoOf(() -> rig.context.destroy(table))).isEqualTo(Errno.EBUSY);
        second.detach();
        assertThat(errnoOf(() -> rig.context.destroy(table))).isEqualTo(Errno.ENOENT);
        second.detach();
        rig.context.destroy(ioas);
        first.unbind();
        second.unbind();
    }

    @Test
    @Spec({"I-025", "I-167", "I-179", "I-180", "I-013"})
    void shouldKeepManualTablesApart() {
        IommufdDevice device = rig.bind(rig.device());
        assertThat(errnoOf(() -> hwpt(99, ioas, 0))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> hwpt(device.id(), 99, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> hwpt(device.id(), device.id(), 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> hwpt(device.id(), ioas, 1 << 9))).isEqualTo(Errno.EOPNOTSUPP);
        int table = hwpt(device.id(), ioas, 0);
        assertThat(errnoOf(() -> hwpt(device.id(), table, 0))).as("nesting").isEqualTo(Errno.EOPNOTSUPP);
        IommuHwptAlloc.reserved(rig.page(), 1);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC))).isEqualTo(Errno.EOPNOTSUPP);
        prepareHwpt(device.id(), ioas, 0);
        IommuHwptAlloc.dataLen(rig.page(), 8);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC))).isEqualTo(Errno.EINVAL);
        prepareHwpt(device.id(), ioas, 0);
        IommuHwptAlloc.dataType(rig.page(), 1);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC))).isEqualTo(Errno.EINVAL);
        prepareHwpt(device.id(), ioas, 0);
        rig.page().set(UapiLayouts.U32, 0, 24);
        IommuHwptAlloc.dataType(rig.page(), 0);
        IommuHwptAlloc.reserved2(rig.page(), 7);
        rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC);
        rig.context.destroy(IommuHwptAlloc.outHwptId(rig.page()));

        assertThat(device.attach(ioas)).as("manual tables are never chosen").isNotEqualTo(table);
        assertThat(device.attach(table)).isEqualTo(table);
        assertThat(errnoOf(() -> rig.context.destroy(table))).isEqualTo(Errno.EBUSY);
        device.detach();
        rig.context.destroy(table);
        device.unbind();
    }

    @Test
    @Spec({"I-172", "I-173"})
    void shouldReplaceWithoutLosingTheOldAttachmentOnFailure() {
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        MemorySegment buffer = rig.memory.allocate(PAGE);
        rig.map(ioas, buffer, 0x1000);
        int other = rig.ioas();
        rig.map(other, buffer, 0x5000);
        int old = bound.attach(ioas);
        assertThat(bound.attach(ioas)).as("no-op").isEqualTo(old);
        assertThat(bound.attach(old)).as("no-op").isEqualTo(old);
        assertThat(errnoOf(() -> bound.attach(99))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> bound.attach(bound.id()))).isEqualTo(Errno.EINVAL);
        assertThat(device.dma().read(0x1000, scratch, 0, 8)).isTrue();
        int bad = rig.ioas();
        rig.mapBogus(bad, 0, PAGE);
        assertThat(errnoOf(() -> bound.attach(bad))).isEqualTo(Errno.EFAULT);
        assertThat(device.dma().read(0x1000, scratch, 0, 8))
                .as("old one still translates")
                .isTrue();
        rig.context.destroy(bad);
        assertThat(bound.attach(other)).isNotEqualTo(old);
        assertThat(device.dma().read(0x1000, scratch, 0, 8)).isFalse();
        assertThat(device.dma().read(0x5000, scratch, 0, 8)).isTrue();
        assertThat(errnoOf(() -> rig.context.destroy(old))).isEqualTo(Errno.ENOENT);
        rig.context.destroy(ioas);
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        bound.unbind();
    }

    @Test
    @Spec("I-175")
    void shouldAttachTheGroupAsOne() {
        EmbeddedGroup group = rig.unit.newGroup(100);
        var first = new TestDevice("a", group);
        var second = new TestDevice("b", group);
        IommufdDevice boundFirst = rig.bind(first);
        IommufdDevice boundSecond = rig.bind(second);
        int other = rig.ioas();
        rig.map(ioas, rig.memory.allocate(PAGE), 0);
        rig.map(other, rig.memory.allocate(PAGE), 0x9000);
        boundFirst.attach(ioas);
        assertThat(second.dma().read(0, scratch, 0, 8))
                .as("bound only, shares the translation")
                .isTrue();
        assertThat(errnoOf(() -> boundSecond.attach(other))).isEqualTo(Errno.EINVAL);
        boundSecond.attach(ioas);
        boundFirst.detach();
        assertThat(second.dma().read(0, scratch, 0, 8)).isTrue();
        boundFirst.attach(ioas);
        boundFirst.attach(other);
        assertThat(second.dma().read(0x9000, scratch, 0, 8))
                .as("replace moves the group")
                .isTrue();
        rig.context.destroy(ioas);
        boundFirst.detach();
        boundSecond.detach();
        assertThat(second.dma().read(0x9000, scratch, 0, 8)).isFalse();
        boundFirst.unbind();
        boundSecond.unbind();
    }

    @Test
    @Spec({"I-171", "I-235"})
    void shouldReserveTheDevicesRegionsOrNothing() {
        var msi = new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, ReservedRegion.Type.MSI);
        var firmware = new ReservedRegion(0x10_0000, 0x1f_ffff, ReservedRegion.Type.RESERVED);
        var relaxed = new ReservedRegion(0x40_0000, 0x4f_ffff, ReservedRegion.Type.DIRECT_RELAXABLE);
        IommufdDevice device = rig.bind(rig.device(firmware, relaxed, msi));
        IoPageTable engine = rig.ioas(ioas).engine();
        rig.mapBogus(ioas, 0xfee0_1000L, PAGE);
        assertThat(errnoOf(() -> device.attach(ioas))).isEqualTo(Errno.EADDRINUSE);
        assertThat(engine.usable().ranges()).as("nothing reserved").containsExactly(new DmaLimits.Range(0, -1));
        assertThat(engine.usable().alignment()).isEqualTo(1);
        rig.context.unmap(ioas, 0, -1);
        engine.allow(List.of(new DmaLimits.Range(0x18_0000, 0x30_0000)));
        assertThat(errnoOf(() -> device.attach(ioas))).isEqualTo(Errno.EADDRINUSE);
        engine.allow(List.of());
        device.attach(ioas);
        assertThat(engine.usable().ranges())
                .containsExactly(
                        new DmaLimits.Range(0, 0xf_ffff),
                        new DmaLimits.Range(0x20_0000, 0xfedf_ffffL),
                        new DmaLimits.Range(0xfef0_0000L, (1L << 48) - 1));
        rig.map(ioas, rig.memory.allocate(PAGE), 0x40_0000);
        assertThat(errnoOf(() -> rig.map(ioas, rig.memory.allocate(PAGE), 0xfee0_0000L)))
                .isEqualTo(Errno.EINVAL);
        device.detach();
        assertThat(engine.usable().ranges()).containsExactly(new DmaLimits.Range(0, -1));
        device.unbind();
    }

    @Test
    void shouldRefuseContradictoryInterruptWindows() {
        var hardware = new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, ReservedRegion.Type.MSI);
        var software = new ReservedRegion(0x800_0000, 0x80f_ffff, ReservedRegion.Type.SOFTWARE_MSI);
        IommufdDevice device = rig.bind(rig.device(software, hardware));
        assertThat(errnoOf(() -> device.attach(ioas))).isEqualTo(Errno.EINVAL);
        assertThat(device.attached()).isFalse();
        device.unbind();
    }

    @Test
    @Spec({"I-048", "I-169"})
    void shouldRefuseAnApertureThatDoesNotFit() {
        var narrow = new PagingUnit(
                "narrow", rig.physical, PagingConfig.defaults().withAperture(0x100_0000, 31), rig.faults);
        TestDevice device = rig.device(narrow);
        IommufdDevice bound = rig.bind(device);
        rig.mapBogus(ioas, 0x1000, PAGE);
        assertThat(errnoOf(() -> bound.attach(ioas))).isEqualTo(Errno.EADDRINUSE);
        rig.context.unmap(ioas, 0, -1);
        rig.ioas(ioas).engine().allow(List.of(new DmaLimits.Range(0x1000, 0x1fff)));
        assertThat(errnoOf(() -> bound.attach(ioas))).isEqualTo(Errno.EADDRINUSE);
        assertThat(bound.attached()).isFalse();
        assertThat(device.group().attachedDomain()).isEmpty();
        assertThat(rig.ioas(ioas).engine().usable().ranges()).containsExactly(new DmaLimits.Range(0, -1));
        bound.unbind();
    }

    @Test
    @Spec({"I-186", "I-014"})
    void shouldTellWhatTheHardwareCan() {
        IommufdDevice device = rig.bind(rig.device());
        MemorySegment page = rig.page();
        MemorySegment data = page.asSlice(0x100, 16);
        data.fill((byte) 0xff);
        hwInfo(device.id(), data.address(), 12);
        assertThat(IommuHwInfo.dataLen(page)).isZero();
        assertThat(IommuHwInfo.outCapabilities(page))
                .as("dirty tracking, no ATS")
                .isEqualTo(9);
        assertThat(data.get(UapiLayouts.U64, 0)).isZero();
        assertThat(data.get(UapiLayouts.U64, 8))
                .as("only the buffer is cleared")
                .isEqualTo(0xffff_ffff_0000_0000L);
        hwInfo(device.id(), 0, 0);
        IommuHwInfo.size(page, 32);
        IommuHwInfo.outCapabilities(page, -1);
        rig.ioctl(IommufdIoctl.IOMMU_GET_HW_INFO);
        assertThat(IommuHwInfo.outCapabilities(page))
                .as("an old struct ends before them")
                .isEqualTo(-1);
        assertThat(errnoOf(() -> hwInfo(device.id(), 8, 4))).isEqualTo(Errno.EFAULT);
        assertThat(errnoOf(() -> hwInfo(ioas, 0, 0))).isEqualTo(Errno.ENOENT);
        IommuHwInfo.flags(page, 2);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_GET_HW_INFO))).isEqualTo(Errno.EOPNOTSUPP);
        int table = device.attach(ioas);
        assertThat(errnoOf(() -> rig.context.unmap(table, 0, -1))).isEqualTo(Errno.ENOENT);
        device.unbind();
    }

    @Test
    @Spec({"I-028", "I-029"})
    void shouldLiveUntilTheLastDeviceIsUnbound() {
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        rig.map(ioas, rig.memory.allocate(4 * PAGE), 0);
        bound.attach(ioas);
        hwpt(bound.id(), ioas, 0);
        rig.file.close();
        assertThat(device.dma().read(0, scratch, 0, 8))
                .as("the device holds the context")
                .isTrue();
        assertThat(rig.physical.pinnedPages()).isEqualTo(4);
        bound.unbind();
        rig.assertNothingPinned();
        assertThat(rig.context.objects().isEmpty()).isTrue();
        assertThat(rig.context.errors().count()).isZero();
        rig.memory.close();
        rig.forget();
    }

    private void hwInfo(int device, long data, int length) {
        MemorySegment page = rig.page();
        page.asSlice(0, 40).fill((byte) 0);
        IommuHwInfo.size(page, 40);
        IommuHwInfo.devId(page, device);
        IommuHwInfo.dataLen(page, length);
        IommuHwInfo.dataUptr(page, data);
        rig.ioctl(IommufdIoctl.IOMMU_GET_HW_INFO);
    }

    private int hwpt(int device, int pt, int flags) {
        prepareHwpt(device, pt, flags);
        rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC);
        return IommuHwptAlloc.outHwptId(rig.page());
    }

    private void prepareHwpt(int device, int pt, int flags) {
        MemorySegment page = rig.page();
        page.fill((byte) 0);
        IommuHwptAlloc.size(page, 48);
        IommuHwptAlloc.flags(page, flags);
        IommuHwptAlloc.devId(page, device);
        IommuHwptAlloc.ptId(page, pt);
    }
}
