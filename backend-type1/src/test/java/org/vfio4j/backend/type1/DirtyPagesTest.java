// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class DirtyPagesTest {
    private final Rig rig = Rig.v2();
    private final RawCall raw = new RawCall(rig);
    private final FakeGroup emulated = rig.group();
    private final long data = raw.argument.address() + PAGE;

    DirtyPagesTest() {
        rig.container.attachGroup(emulated, GroupKind.EMULATED);
        rig.container.registerDevice((iova, length) -> rig.container.unpinPages(iova, 512));
    }

    @Test
    @Spec("T-131")
    void shouldRefuseVersion1BeforeReadingTheArgument() {
        Rig v1 = Rig.v1().withGroup();
        assertRefused(Errno.EACCES, () -> v1.container.ioctl(v1.caller, RawCall.DIRTY, 0));
    }

    @Test
    @Spec("T-132")
    void shouldTakeExactlyOneFlag() {
        for (int flags : new int[] {0, 3, 5, 8}) {
            assertRefused(Errno.EINVAL, () -> raw.head(48, flags).call(RawCall.DIRTY));
        }
        assertRefused(Errno.EINVAL, () -> raw.head(7, 1).call(RawCall.DIRTY));
    }

    @Test
    @Spec({"T-133", "T-134", "T-144"})
    void shouldReportHeldPinsEachTimeAndReleasedOnesOnce() {
        rig.map(RW, rig.caller.pages(8), 0);
        assertRefused(Errno.EINVAL, () -> bits(0, 8));
        raw.start();
        pin(2 * PAGE);
        raw.start();
        assertThat(bits(0, 8)).isEqualTo(0b100);
        assertThat(bits(0, 8)).isEqualTo(0b100);
        rig.container.unpinPages(2 * PAGE, 1);
        assertThat(bits(0, 8)).isEqualTo(0b100);
        assertThat(bits(0, 8)).isZero();
        pin(5 * PAGE);
        rig.container.unpinPages(5 * PAGE, 1);
        assertThat(bits(0, 8)).isEqualTo(0b100000);
        assertThat(bits(0, 8)).isZero();
        raw.stop();
        raw.stop();
        assertRefused(Errno.EINVAL, () -> bits(0, 8));
    }

    @Test
    @Spec({"T-135", "T-136", "T-137", "T-138", "T-139", "T-140"})
    void shouldCheckTheRequest() {
        rig.map(RW, rig.caller.memory().allocate(128 * PAGE), 0);
        raw.start();
        assertRefused(Errno.EINVAL, () -> raw.head(47, 4).call(RawCall.DIRTY));
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 0, PAGE, 8, data));
        assertRefused(Errno.EOVERFLOW, () -> raw.getBitmap(-PAGE, 2 * PAGE, PAGE, 8, data));
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(512, 128 * PAGE, PAGE, 16, data));
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 64 * PAGE, PAGE, 7, data));
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 128 * PAGE, PAGE, 8, data));
        raw.getBitmap(0, 128 * PAGE, PAGE, 16, data);
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 128 * PAGE, PAGE, 0x10000001L, data));
        raw.getBitmap(0, 128 * PAGE, PAGE, 0x10000000L, data);
        for (long pageSize : new long[] {0, 2 << 20, 512}) {
            assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 128 * PAGE, pageSize, 4096, data));
        }
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 128 * PAGE, PAGE, 16, 0xffff800000000000L));
        assertRefused(Errno.EFAULT, () -> raw.getBitmap(0, 128 * PAGE, PAGE, 16, 0x1000));
    }

    @Test
    @Spec("T-141")
    void shouldRefuseToCutAnEntryAndLeaveHolesAlone() {
        rig.map(RW, rig.caller.pages(4), 0x4000);
        raw.start();
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0x5000, 64 * PAGE, PAGE, 8, data));
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 6 * PAGE, PAGE, 8, data));
        setWord(0, 0);
        setWord(1, -1L);
        raw.getBitmap(0, 128 * PAGE, PAGE, 16, data);
        assertThat(word(1)).isEqualTo(-1L);
    }

    @Test
    @Spec({"T-142", "T-143"})
    void shouldReportEverythingMappedWhileAGroupMayWriteAnywhere() {
        rig.map(RW, rig.caller.pages(8), 0);
        raw.start();
        assertThat(bits(0, 8)).isZero();
        rig.attach(rig.group());
        assertThat(bits(0, 8)).isEqualTo(0xff);
        assertThat(bits(0, 8)).isEqualTo(0xff);
    }

    @Test
    @Spec("T-145")
    void shouldReportCopies() {
        rig.map(RW, rig.caller.pages(8), 0);
        raw.start();
        rig.container.dmaRw(2 * PAGE - 1, MemorySegment.ofArray(new byte[2]), true);
        assertThat(bits(0, 8)).isEqualTo(0b110);
        assertThat(bits(0, 8)).isZero();
        rig.container.dmaRw(0, MemorySegment.ofArray(new byte[2]), false);
        assertThat(bits(0, 8)).isZero();
    }

    @Test
    @Spec({"T-146", "T-147"})
    void shouldStartWithPinsAndMapWithoutBits() {
        rig.map(RW, rig.caller.pages(4), 0);
        pin(PAGE);
        raw.start();
        rig.map(RW, rig.caller.pages(4), 0x4000);
        assertThat(bits(0, 8)).isEqualTo(0b10);
    }

    @Test
    @Spec("T-148")
    void shouldReportEverythingOnceWhenAGroupLeaves() {
        FakeGroup real = rig.attach(rig.group());
        rig.map(RW, rig.caller.pages(4), 0);
        pin(PAGE);
        raw.start();
        rig.container.detachGroup(real);
        assertThat(bits(0, 4)).isEqualTo(0b1111);
        assertThat(bits(0, 4)).isEqualTo(0b10);
    }

    @Test
    @Spec("T-149")
    void shouldReportOnlyPinsOnceTheGroupHasPinned() {
        FakeGroup real = rig.attach(rig.group());
        rig.map(RW, rig.caller.pages(4), 0);
        raw.start();
        assertThat(bits(0, 4)).isEqualTo(0b1111);
        rig.container.pinPages(real, 2 * PAGE, 1, RW, (phys, length) -> {});
        assertThat(bits(0, 4)).isEqualTo(0b100);
    }

    @Test
    @Spec("T-150")
    void shouldKeepTheUsersBitsOnlyInAnUnalignedFirstWord() {
        long preset = 0x8000000000000007L;
        rig.map(RW, rig.caller.pages(4), 3 * PAGE);
        raw.start();
        setWord(0, preset);
        raw.getBitmap(0, 64 * PAGE, PAGE, 8, data);
        assertThat(word(0)).isEqualTo(preset);
        setWord(0, preset);
        raw.getBitmap(3 * PAGE, 64 * PAGE, PAGE, 8, data);
        assertThat(word(0)).isZero();
    }

    @Test
    @Spec({"T-151", "T-152"})
    void shouldReportWhileUnmapping() {
        rig.map(RW, rig.caller.pages(4), 2 * PAGE);
        raw.longs(24, PAGE, 8, data);
        assertRefused(Errno.EINVAL, () -> raw.unmap(48, 1, 0, 8 * PAGE));
        raw.start();
        rig.container.dmaRw(3 * PAGE, MemorySegment.ofArray(new byte[1]), true);
        assertRefused(Errno.EINVAL, () -> raw.unmap(47, 1, 0, 8 * PAGE));
        raw.longs(24, 2 * PAGE, 8, data);
        assertRefused(Errno.EINVAL, () -> raw.unmap(48, 1, 0, 8 * PAGE));
        raw.longs(24, PAGE, 8, data);
        setWord(0, 0);
        raw.unmap(48, 1, 0, 8 * PAGE);
        assertThat(raw.longAt(16)).isEqualTo(4 * PAGE);
        assertThat(word(0)).isEqualTo(0b1000);
        assertThat(rig.available()).isEqualTo(65535);
    }

    @Test
    @Spec("T-153")
    void shouldRefuseEntriesWithMorePagesThanABitmapHasBits() {
        rig.map(RW, 0, 0, 8L << 40);
        assertRefused(Errno.EINVAL, raw::start);
        assertRefused(Errno.EINVAL, () -> raw.getBitmap(0, 8L << 40, PAGE, 0x10000000L, data));
        rig.unmap(0, 8L << 40);
        raw.start();
        assertRefused(Errno.EINVAL, () -> rig.map(RW, 0, 0, 8L << 40));
        assertThat(rig.available()).isEqualTo(65535);
    }

    @Test
    void shouldRefuseAnAttachThatChangesTheUnitOfTracking() {
        raw.start();
        FakeGroup coarse = rig.group();
        coarse.hardware.pageSizes = 0x10000;
        assertRefused(Errno.EINVAL, () -> rig.attach(coarse));
        raw.stop();
        rig.attach(coarse);
        raw.start();
        rig.map(RW, rig.caller.memory().allocate(2L << 20), 0);
        rig.container.detachGroup(coarse);
        assertThat(bits(0, 512)).as("recorded in larger pages, so all of it").isEqualTo(-1L);
    }

    private long bits(long iova, int pages) {
        for (int i = 0; i * 64 < pages; i++) {
            setWord(i, 0);
        }
        raw.getBitmap(iova, pages * PAGE, PAGE, (pages + 63) / 64 * 8L, data);
        return word(0);
    }

    private void pin(long iova) {
        rig.container.pinPages(emulated, iova, 1, RW, (phys, length) -> {});
    }

    private long word(int index) {
        return raw.argument.get(ValueLayout.JAVA_LONG, PAGE + 8L * index);
    }

    private void setWord(int index, long value) {
        raw.argument.set(ValueLayout.JAVA_LONG, PAGE + 8L * index, value);
    }
}
