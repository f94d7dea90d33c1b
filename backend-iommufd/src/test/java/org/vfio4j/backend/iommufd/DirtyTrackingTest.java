// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.struct.IommuHwptAlloc;
import org.vfio4j.uapi.struct.IommuHwptGetDirtyBitmap;
import org.vfio4j.uapi.struct.IommuHwptSetDirtyTracking;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Dirty tracking of a hardware page table, through real device writes. Spec: iommufd §5.12, §5.13. */
class DirtyTrackingTest {
    private static final long BASE = 0x10_0000;
    private static final int PAGES = 32;

    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();
    private final TestDevice device = rig.device();
    private final IommufdDevice bound = rig.bind(device);
    private final MemorySegment page = rig.page();
    private final MemorySegment bitmap = rig.memory.allocate(PAGE);
    private int table;

    @BeforeEach
    void track() {
        rig.ioas(ioas).engine().setLargePages(false);
        table = hwpt();
        bound.attach(table);
        rig.map(ioas, rig.memory.allocate((long) PAGES * PAGE), BASE);
        setTracking(true);
    }

    @AfterEach
    void close() {
        bound.unbind();
        rig.close();
    }

    @Test
    @Spec({"I-189", "I-190", "I-191", "I-192"})
    void shouldSetBitsRelativeToTheRequest() {
        write(3);
        write(7);
        bitmap.set(UapiLayouts.U8, 0, (byte) 0x01);
        read(BASE, PAGES * PAGE, PAGE, true);
        assertThat(bits()).as("bits that were set stay").isEqualTo(0b1000_1001);
        bitmap.fill((byte) 0);
        read(BASE + 2 * PAGE, 8 * PAGE, PAGE, true);
        assertThat(bits()).as("not cleared by the first read").isEqualTo(0b10_0010);
        bitmap.fill((byte) 0);
        read(BASE, PAGES * PAGE, PAGE, false);
        assertThat(bits()).isEqualTo(0b1000_1000);
        bitmap.fill((byte) 0);
        read(BASE, PAGES * PAGE, PAGE, false);
        assertThat(bits()).as("cleared").isZero();
    }

    @Test
    @Spec({"I-193", "I-194"})
    void shouldScaleToThePageSizeAskedFor() {
        write(4);
        write(9);
        read(BASE, PAGES * PAGE, 2 * PAGE, true);
        assertThat(bits()).isEqualTo(1 << 2 | 1 << 4);
        bitmap.fill((byte) 0);
        read(BASE, PAGES * PAGE, PAGE / 2, true);
        assertThat(bits()).isEqualTo(3 << 8 | 3 << 18);
        bitmap.fill((byte) 0);
        rig.ioctl(prepare(BASE, PAGES * PAGE, PAGE, true, bitmap.address() + 3));
        assertThat(bitmap.get(UapiLayouts.U64, 3)).as("unaligned buffer").isEqualTo(1 << 4 | 1 << 9);
        assertThat(bitmap.get(UapiLayouts.U8, 2)).isZero();
    }

    @Test
    @Spec({"I-020", "I-188", "I-195", "I-199"})
    void shouldCheckTheRangeBeforeTheAbility() {
        assertThat(errnoOf(() -> read(BASE, PAGE, 0, false))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> read(BASE + 1, PAGE, PAGE, false))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> read(BASE, PAGE + 8, PAGE, false))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> read(-PAGE, 2 * PAGE, PAGE, false))).isEqualTo(Errno.EOVERFLOW);
        assertThat(errnoOf(() -> read(BASE, 0, PAGE, false))).isEqualTo(Errno.EINVAL);
        prepare(BASE, PAGE, PAGE, false, bitmap.address());
        IommuHwptGetDirtyBitmap.flags(page, 4);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_HWPT_GET_DIRTY_BITMAP)))
                .isEqualTo(Errno.EOPNOTSUPP);
        IommufdDevice other = rig.bind(rig.device());
        int plain = other.attach(ioas);
        table = plain;
        assertThat(errnoOf(() -> read(BASE + 1, PAGE, PAGE, false))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> read(BASE, PAGE, PAGE, false))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> setTracking(true))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> setTracking(2))).isEqualTo(Errno.EOPNOTSUPP);
        table = ioas;
        assertThat(errnoOf(() -> setTracking(true))).isEqualTo(Errno.ENOENT);
        other.unbind();
    }

    @Test
    @Spec({"I-196", "I-197"})
    void shouldStopWithoutAWordAtAGapOrABadBuffer() {
        write(PAGES - 1);
        read(BASE - 4 * PAGE, 8 * PAGE, PAGE, true);
        assertThat(bits()).as("leading gap").isZero();
        read(BASE + (PAGES - 2) * PAGE, 8 * PAGE, PAGE, true);
        assertThat(bits()).as("trailing gap").isEqualTo(0b10);
        rig.ioctl(prepare(BASE, PAGES * PAGE, PAGE, false, 64));
    }

    @Test
    @Spec({"I-198", "I-200"})
    void shouldForgetWhenSwitchedOnAgainOrRemapped() {
        write(1);
        setTracking(true);
        read(BASE, PAGES * PAGE, PAGE, true);
        assertThat(bits()).isZero();
        write(2);
        rig.context.unmap(ioas, BASE, (long) PAGES * PAGE);
        rig.map(ioas, rig.memory.allocate((long) PAGES * PAGE), BASE);
        read(BASE, PAGES * PAGE, PAGE, true);
        assertThat(bits()).isZero();
    }

    @Test
    @Spec("I-185")
    void shouldNotGiveTrackingToHardwareWithoutIt() {
        TestDevice plain = rig.device();
        plain.capabilities.remove(IommuCapability.DIRTY_TRACKING);
        IommufdDevice plainBound = rig.bind(plain);
        assertThat(errnoOf(() -> plainBound.attach(table))).isEqualTo(Errno.EINVAL);
        prepareAlloc(plainBound.id());
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC))).isEqualTo(Errno.EOPNOTSUPP);
        plainBound.unbind();
    }

    private void write(int number) {
        assertThat(device.dma().write(BASE + (long) number * PAGE + 8, MemorySegment.ofArray(new byte[4]), 0, 4))
                .isTrue();
    }

    private long bits() {
        return bitmap.get(UapiLayouts.U64, 0);
    }

    private int hwpt() {
        prepareAlloc(bound.id());
        rig.ioctl(IommufdIoctl.IOMMU_HWPT_ALLOC);
        return IommuHwptAlloc.outHwptId(page);
    }

    private void prepareAlloc(int deviceId) {
        page.fill((byte) 0);
        IommuHwptAlloc.size(page, 48);
        IommuHwptAlloc.flags(page, 2);
        IommuHwptAlloc.devId(page, deviceId);
        IommuHwptAlloc.ptId(page, ioas);
    }

    private void setTracking(boolean enabled) {
        setTracking(enabled ? 1 : 0);
    }

    private void setTracking(int flags) {
        page.fill((byte) 0);
        IommuHwptSetDirtyTracking.size(page, 16);
        IommuHwptSetDirtyTracking.flags(page, flags);
        IommuHwptSetDirtyTracking.hwptId(page, table);
        rig.ioctl(IommufdIoctl.IOMMU_HWPT_SET_DIRTY_TRACKING);
    }

    private void read(long iova, long length, long pageSize, boolean keep) {
        rig.ioctl(prepare(iova, length, pageSize, keep, bitmap.address()));
    }

    private int prepare(long iova, long length, long pageSize, boolean keep, long data) {
        page.fill((byte) 0);
        IommuHwptGetDirtyBitmap.size(page, 48);
        IommuHwptGetDirtyBitmap.hwptId(page, table);
        IommuHwptGetDirtyBitmap.flags(page, keep ? 1 : 0);
        IommuHwptGetDirtyBitmap.iova(page, iova);
        IommuHwptGetDirtyBitmap.length(page, length);
        IommuHwptGetDirtyBitmap.pageSize(page, pageSize);
        IommuHwptGetDirtyBitmap.data(page, data);
        return IommufdIoctl.IOMMU_HWPT_GET_DIRTY_BITMAP;
    }
}
