// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.GIB;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.RW;
import static org.vfio4j.backend.spapr.Rig.SLOT_1;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Windows whose pages are larger than the host's. */
class HugePageMapTest {
    private static final long PAGE_16M = 16 * MIB;

    private final Rig rig = Rig.v2();
    private final HugePages space = new HugePages(rig.physical, PAGE_16M);
    private final TestCaller caller = new TestCaller(space);
    private final TestGroup group = rig.attach();
    private final MemorySegment memory = space.allocate(2);

    HugePageMapTest() {
        rig.container.createWindow(caller, 24, GIB, 1);
    }

    @Test
    @Spec("S-047")
    void shouldNeedHugePagesBehindTheMemory() {
        register(memory.asSlice(0, PAGE_16M));
        assertRefused(Errno.EINVAL, () -> map(memory.address(), SLOT_1, PAGE_16M));
        unregister(memory.asSlice(0, PAGE_16M));
        space.makeHuge(memory);
        register(memory.asSlice(0, PAGE_16M));
        map(memory.address(), SLOT_1, PAGE_16M);
        assertThat(group.port.read(SLOT_1 + PAGE_16M - 64, MemorySegment.ofArray(new byte[64]), 0, 64))
                .isTrue();
    }

    @Test
    @Spec("S-048")
    void shouldNeedAnAlignedRegion() {
        space.makeHuge(memory);
        register(memory.asSlice(0, PAGE_16M + PAGE_64K));
        assertRefused(Errno.EINVAL, () -> map(memory.address(), SLOT_1, PAGE_16M));
    }

    @Test
    @Spec("S-046")
    void shouldNotStraddleRegions() {
        space.makeHuge(memory);
        register(memory.asSlice(0, 8 * MIB));
        register(memory.asSlice(8 * MIB, 8 * MIB));
        assertRefused(Errno.EINVAL, () -> map(memory.address(), SLOT_1, PAGE_16M));
    }

    @Test
    void shouldRefuseASmallPageBehindAHugeOne() {
        space.makeHuge(memory.asSlice(0, PAGE_16M));
        register(memory);
        map(memory.address(), SLOT_1, PAGE_16M);
        assertRefused(Errno.EPERM, () -> map(memory.address() + PAGE_16M, SLOT_1 + PAGE_16M, PAGE_16M));
        assertRefused(Errno.EPERM, () -> map(memory.address(), SLOT_1, 2 * PAGE_16M));
        assertThat(group.tables().table().entry(0)).isZero();
        assertThat(Rig.liveEntries(regions(), memory)).isZero();
        unregister(memory);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    private RegionTable regions() {
        RegionTable table = rig.driver.regionTables().acquire(space);
        rig.driver.regionTables().release(table);
        return table;
    }

    private void register(MemorySegment range) {
        rig.container.registerMemory(caller, range.address(), range.byteSize());
    }

    private void unregister(MemorySegment range) {
        rig.container.unregisterMemory(caller, range.address(), range.byteSize());
    }

    private void map(long vaddr, long iova, long size) {
        rig.container.mapDma(caller, RW, vaddr, iova, size);
    }
}
