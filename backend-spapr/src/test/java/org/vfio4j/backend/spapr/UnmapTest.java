// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.RW;
import static org.vfio4j.backend.spapr.Rig.SLOT_1;
import static org.vfio4j.backend.spapr.Rig.TIB;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** UNMAP_DMA. */
class UnmapTest {
    private static final long WINDOW_END = 1L << 31;

    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();
    private final RawCall raw = rig.raw();
    private final MemorySegment memory = rig.register(MIB);
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-051")
    void shouldTakeNoFlags() {
        for (int flags : new int[] {1, 2, 4, 8, -1}) {
            assertRefused(Errno.EINVAL, () -> raw.unmap(24, flags, 0, PAGE_4K));
        }
        assertRefused(Errno.EINVAL, () -> raw.unmap(23, 0, 0, PAGE_4K));
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.UNMAP));
    }

    @Test
    @Spec("S-052")
    void shouldUnmapPartOfAMapping() {
        rig.map(memory, 0);
        assertThat(raw.unmap(24, 0, 2 * PAGE_4K, 3 * PAGE_4K)).isZero();
        assertThat(rig.liveEntries(memory)).isEqualTo(253);
        assertThat(group.port.read(PAGE_4K, buffer, 0, 64)).isTrue();
        assertThat(group.port.read(2 * PAGE_4K, buffer, 0, 64)).isFalse();
        assertThat(group.port.read(4 * PAGE_4K, buffer, 0, 64)).isFalse();
        assertThat(group.port.read(5 * PAGE_4K, buffer, 0, 64)).isTrue();
    }

    @Test
    @Spec("S-053")
    void shouldUnmapHolesAndNotAnswerASize() {
        assertThat(raw.unmap(24, 0, PAGE_64K, PAGE_64K)).isZero();
        assertThat(raw.longAt(16)).isEqualTo(PAGE_64K);
        rig.map(RW, memory.address(), 2 * PAGE_64K, PAGE_4K);
        assertThat(raw.unmap(24, 0, PAGE_64K, 2 * PAGE_64K)).isZero();
        assertThat(raw.longAt(16)).isEqualTo(2 * PAGE_64K);
        assertThat(rig.liveEntries(memory)).isZero();
    }

    @Test
    @Spec("S-054")
    void shouldAnswerOneToWhatIsNoRangeOfTheWindow() {
        rig.map(RW, memory.address(), WINDOW_END - 2 * PAGE_4K, 2 * PAGE_4K);
        assertThat(raw.unmap(24, 0, WINDOW_END - 2 * PAGE_4K, 3 * PAGE_4K)).isEqualTo(1);
        assertThat(raw.unmap(24, 0, WINDOW_END - 2 * PAGE_4K + 1, PAGE_4K)).isEqualTo(1);
        assertThat(raw.unmap(24, 0, PAGE_4K, -PAGE_4K)).isEqualTo(1);
        assertThat(rig.liveEntries(memory)).isEqualTo(2);
        assertRefused(Errno.EINVAL, () -> rig.unmap(WINDOW_END - 2 * PAGE_4K, 3 * PAGE_4K));
    }

    @Test
    @Spec("S-055")
    void shouldRefuseWhatIsNotWholePages() {
        rig.map(memory, 0);
        assertRefused(Errno.EINVAL, () -> raw.unmap(24, 0, 0, PAGE_4K + 1));
        assertThat(raw.unmap(24, 0, 0, 0)).isZero();
        assertRefused(Errno.ENXIO, () -> raw.unmap(24, 0, WINDOW_END, PAGE_4K));
        assertThat(rig.liveEntries(memory)).isEqualTo(256);
    }

    @Test
    @Spec("S-056")
    void shouldSkipLevelsThatDoNotExist() {
        rig.container.createWindow(rig.caller, 16, TIB, 2);
        TestTable table = group.tables().table();
        assertThat(table.entries()).isEqualTo(1L << 24);
        rig.map(memory, SLOT_1);
        rig.map(memory, SLOT_1 + TIB - MIB);
        table.looks = 0;
        rig.unmap(SLOT_1, TIB);
        assertThat(rig.liveEntries(memory)).isZero();
        assertThat(table.looks).as("entries looked at, of 16777216").isLessThan(40_000);
    }

    @Test
    void shouldInvalidateOnlyWhatWasLive() {
        TestTable table;
        rig.map(RW, memory.address(), 0, 4 * PAGE_4K);
        table = group.tables().table();
        assertThat(table.invalidated).as("nothing was replaced").isEmpty();
        rig.unmap(PAGE_64K, PAGE_64K);
        assertThat(table.invalidated).as("nothing was there").isEmpty();
        rig.unmap(0, 2 * PAGE_4K);
        assertThat(table.invalidated).containsExactly("0+2");
    }
}
