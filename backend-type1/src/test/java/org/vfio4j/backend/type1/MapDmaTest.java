// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.VADDR;
import static org.vfio4j.backend.type1.Rig.WRITE;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class MapDmaTest {
    private final Rig rig = Rig.v2();
    private final FakeGroup group = rig.attach(rig.group());
    private final MemorySegment memory = rig.caller.pages(4);

    @Test
    @Spec("T-023")
    void shouldRefuseSizeZeroBeforeWrap() {
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), -PAGE, 0));
        assertRefused(Errno.EINVAL, () -> rig.map(0, memory.address(), -1, 0));
    }

    @Test
    @Spec({"T-024", "T-025"})
    void shouldRefuseWrapBeforeLookingAtFlags() {
        assertRefused(Errno.EOVERFLOW, () -> rig.map(RW, memory.address(), -PAGE, 2 * PAGE));
        assertRefused(Errno.EOVERFLOW, () -> rig.map(0, memory.address(), -PAGE, 2 * PAGE));
        assertRefused(Errno.EOVERFLOW, () -> rig.map(RW, -PAGE, 0, 2 * PAGE));
    }

    @Test
    @Spec("T-026")
    void shouldRefuseNoAccessAndMixedUpdate() {
        assertRefused(Errno.EINVAL, () -> rig.map(0, memory, 0));
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR | READ, memory, 0));
        assertRefused(Errno.EINVAL, () -> rig.map(8 | READ, memory, 0));
    }

    @Test
    @Spec("T-027")
    void shouldRefuseMisalignment() {
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), 512, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address() + 512, 0, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), 0, PAGE + 512));
        // Misalignment is found before an update is looked up, which would answer ENOENT.
        assertRefused(Errno.EINVAL, () -> rig.map(VADDR, memory.address() + 512, 0, PAGE));
    }

    @Test
    @Spec({"T-028", "T-029", "T-030"})
    void shouldRefuseOverlapAndAcceptNeighbours() {
        rig.map(RW, memory.address(), 0x2000, 2 * PAGE);
        long left = rig.available();
        assertRefused(Errno.EEXIST, () -> rig.map(RW, memory.address(), 0x2000, 2 * PAGE));
        assertRefused(Errno.EEXIST, () -> rig.map(RW, memory.address(), 0x1000, 2 * PAGE));
        assertRefused(Errno.EEXIST, () -> rig.map(RW, memory.address(), 0x3000, 2 * PAGE));
        assertRefused(Errno.EEXIST, () -> rig.map(RW, memory.address(), 0x1000, 4 * PAGE));
        assertThat(rig.available()).isEqualTo(left);
        rig.map(RW, memory.address(), 0x1000, PAGE);
        rig.map(RW, memory.address(), 0x4000, PAGE);
        assertThat(rig.available()).isEqualTo(left - 2);
    }

    @Test
    @Spec("T-031")
    void shouldRefuseMoreEntriesThanTheLimit() {
        Rig limited = new Rig(true, "dma_entry_limit", "2").withGroup();
        MemorySegment pages = limited.caller.pages(3);
        limited.map(RW, pages.address(), 0, PAGE);
        limited.map(RW, pages.address(), 0x1000, PAGE);
        assertRefused(Errno.ENOSPC, () -> limited.map(RW, pages.address(), 0x2000, PAGE));
        assertThat(limited.unmap(0, PAGE)).isEqualTo(PAGE);
        limited.map(RW, pages.address(), 0x2000, PAGE);
    }

    @Test
    @Spec("T-032")
    void shouldCheckAlignmentAndOverlapBeforeTheLimitAndTheLimitBeforeTheRange() {
        Rig limited = new Rig(true, "dma_entry_limit", "0").withGroup();
        long vaddr = limited.caller.pages(1).address();
        assertRefused(Errno.ENOSPC, () -> limited.map(RW, vaddr, 0, PAGE));
        assertRefused(Errno.ENOSPC, () -> limited.map(RW, vaddr, 0xfee00000L, PAGE));
        assertRefused(Errno.EINVAL, () -> limited.map(RW, vaddr, 1, PAGE));
    }

    @Test
    @Spec("T-033")
    void shouldKeepTheLimitItWasOpenedWith() {
        Rig limited = new Rig(true, "dma_entry_limit", "1").withGroup();
        long vaddr = limited.caller.pages(1).address();
        limited.options.put("dma_entry_limit", "10");
        limited.map(RW, vaddr, 0, PAGE);
        assertRefused(Errno.ENOSPC, () -> limited.map(RW, vaddr, 0x1000, PAGE));
    }

    @Test
    @Spec({"T-034", "T-035"})
    void shouldKeepToUsableRanges() {
        long vaddr = memory.address();
        assertRefused(Errno.EINVAL, () -> rig.map(RW, vaddr, 0xfee00000L, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.map(RW, vaddr, 0xfedff000L, 2 * PAGE));
        rig.map(RW, vaddr, 0xfedff000L, PAGE);
        rig.map(RW, vaddr, 0xfffffffff000L, PAGE);
        assertRefused(Errno.EINVAL, () -> rig.map(RW, vaddr, 0x1000000000000L, PAGE));
    }

    @Test
    @Spec("T-036")
    void shouldMapTheLastPageOfTheAddressSpace() {
        Rig wide = Rig.v2();
        FakeGroup unlimited = wide.group();
        unlimited.hardware.apertureEnd = -1L;
        wide.attach(unlimited);
        wide.map(RW, wide.caller.pages(1), -PAGE);
        assertThat(unlimited.attached().iovaToPhys(-1L)).isNotZero();
        assertThat(wide.unmap(-PAGE, PAGE)).isEqualTo(PAGE);
        wide.assertNothingHeld();
    }

    @ParameterizedTest
    @ValueSource(ints = {READ, WRITE, RW})
    void shouldPassTheAccessToTheHardware(int protection) {
        rig.map(protection, memory, 0x10000);
        assertThat(group.attached().pieces())
                .singleElement()
                .satisfies(piece -> assertThat(piece.protection()).isEqualTo(protection));
    }

    @Test
    @Spec("T-039")
    void shouldRefuseWritableMappingOfReadOnlyMemory() {
        rig.caller.memory().protect(memory, Protection.READ);
        assertRefused(Errno.EFAULT, () -> rig.map(RW, memory, 0));
        rig.map(READ, memory, 0);
    }

    @Test
    @Spec({"T-040", "T-041"})
    void shouldUndoAMappingOfMemoryThatIsNotThere() {
        rig.caller.memory().free(memory.asSlice(2 * PAGE, 2 * PAGE));
        long left = rig.available();
        assertRefused(Errno.EFAULT, () -> rig.map(RW, memory, 0));
        assertThat(rig.available()).isEqualTo(left);
        assertThat(group.attached().pieces()).isEmpty();
        rig.assertNothingHeld();
        rig.map(RW, memory.address(), 0, 2 * PAGE);
    }

    @Test
    void shouldHandContiguousMemoryToTheHardwareInOnePiece() {
        MemorySegment large = rig.caller.memory().allocate(4L << 20);
        rig.map(RW, large, 0);
        assertThat(group.attached().pieces()).hasSize(1);
        for (long offset = 0; offset < large.byteSize(); offset += PAGE) {
            assertThat(group.attached().iovaToPhys(offset))
                    .isEqualTo(group.attached().iovaToPhys(0) + offset);
        }
    }

    @Test
    @Spec("T-044")
    void shouldMapPageByPageWithoutHugePages() {
        rig.options.put("disable_hugepages", "Y");
        rig.map(RW, rig.caller.memory().allocate(2L << 20), 0);
        assertThat(group.attached().mapCalls()).isEqualTo(512);
        rig.options.put("disable_hugepages", "N");
        rig.map(RW, rig.caller.memory().allocate(2L << 20), 0x400000);
        assertThat(group.attached().mapCalls()).isEqualTo(513);
        assertThat(rig.unmap(0, 2L << 20)).isEqualTo(2L << 20);
    }

    @Test
    @Spec("T-048")
    void shouldEmptyTheFirstDomainWhenTheSecondFails() {
        FakeGroup other = rig.group();
        other.hardware.coherent = false;
        rig.attach(other);
        MemorySegment scattered = rig.scatteredPages(8);
        group.hardware.mapsUntilFailure = 5;
        long left = rig.available();
        assertRefused(Errno.ENOMEM, () -> rig.map(RW, scattered, 0));
        assertThat(group.attached().pieces()).isEmpty();
        assertThat(other.attached().pieces()).isEmpty();
        assertThat(rig.available()).isEqualTo(left);
        rig.assertNothingHeld();
    }

    @ParameterizedTest
    @EnumSource(
            value = Errno.class,
            names = {"EADDRINUSE", "ERANGE", "ENOMEM"})
    @Spec("T-049")
    void shouldAnswerTheHardwaresErrorAtEveryStepAndUndo(Errno errno) {
        MemorySegment scattered = rig.scatteredPages(6);
        group.hardware.mapFailure = errno;
        for (int step = 0; step < 6; step++) {
            group.hardware.mapsUntilFailure = step;
            assertRefused(errno, () -> rig.map(RW, scattered, 0x7000));
            assertThat(group.attached().pieces()).as("step %s", step).isEmpty();
            rig.assertNothingHeld();
        }
        group.hardware.mapsUntilFailure = -1;
        rig.map(RW, scattered, 0x7000);
        assertThat(rig.caller.locked()).isEqualTo(6);
        assertThat(group.attached().pieces()).hasSize(6);
        assertThat(rig.unmap(0x7000, 6 * PAGE)).isEqualTo(6 * PAGE);
        rig.assertNothingHeld();
    }

    @Test
    void shouldRememberWithoutPinningWhenNoDomainIsThere() {
        Rig emulated = Rig.v2().withEmulated();
        // Far more than exists: only the wrap is checked until somebody pins.
        emulated.map(RW, 0, 0, 1L << 62);
        emulated.assertNothingHeld();
        assertThat(emulated.container.limits().ranges()).isEqualTo(List.of());
    }
}
