// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.RW;

import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Calls that meet. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ConcurrencyTest {
    private static final int ROUNDS = 200;

    private interface Step {
        void run(int round);
    }

    /** Runs all steps at once, round by round. When one fails, the others soon give up waiting for it. */
    private static void together(int rounds, Step... steps) throws Exception {
        var barrier = new CyclicBarrier(steps.length);
        try (ExecutorService threads = Executors.newFixedThreadPool(steps.length)) {
            List<Future<?>> running = new ArrayList<>();
            for (Step step : steps) {
                running.add(threads.submit(() -> {
                    for (int round = 0; round < rounds; round++) {
                        barrier.await(30, TimeUnit.SECONDS);
                        step.run(round);
                    }
                    return null;
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
        }
    }

    @Test
    @Spec("S-112")
    void shouldMakeOneDefaultWindow() throws Exception {
        for (int i = 0; i < 50; i++) {
            Rig rig = Rig.v2();
            TestGroup group = rig.attach();
            MemorySegment memory = rig.register(PAGE_64K);
            together(
                    1,
                    round -> rig.map(RW, memory.address(), 0, PAGE_4K),
                    round -> rig.map(RW, memory.address(), PAGE_4K, PAGE_4K),
                    round -> rig.unmap(PAGE_64K, PAGE_4K));
            assertThat(group.tables().made).hasSize(1);
            assertThat(rig.liveEntries(memory)).isEqualTo(2);
            assertThat(rig.caller.locked()).isEqualTo(1 + Rig.DEFAULT_TABLE);
            rig.close(group);
            rig.assertNothingHeld();
        }
    }

    @Test
    @Spec("S-111")
    void shouldMapEitherBeforeOrAfterAWindowIsRemoved() throws Exception {
        Rig rig = Rig.v2();
        TestGroup group = rig.attach();
        MemorySegment memory = rig.register(MIB);
        rig.unmap(0, PAGE_4K);
        together(
                ROUNDS,
                round -> {
                    try {
                        rig.map(memory, 0);
                    } catch (VfioException e) {
                        assertThat(e.errno()).isEqualTo(Errno.ENXIO);
                    }
                },
                round -> {
                    rig.container.removeWindow(rig.caller, 0);
                    assertThat(group.tables().table().freed).isTrue();
                    rig.container.createWindow(rig.caller, 12, 1L << 31, 1);
                });
        rig.unmap(0, MIB);
        assertThat(rig.liveEntries(memory)).isZero();
        rig.close(group);
        rig.assertNothingHeld();
    }

    /** The unmap meets the map at its worst moment: the entry's origin is noted, the entry itself not yet written. */
    @Test
    @Spec("S-113")
    void shouldCountEntriesExactlyWhenUnmapMeetsAReplacement() throws Exception {
        Rig rig = Rig.v2();
        TestGroup group = rig.attach();
        MemorySegment first = rig.register(PAGE_64K);
        MemorySegment second = rig.register(PAGE_64K);
        rig.map(RW, first.address(), 0, PAGE_4K);
        TestTable table = group.tables().table();
        Thread unmapping = new Thread(() -> rig.unmap(0, PAGE_4K));
        table.onWrite = () -> {
            unmapping.start();
            while (unmapping.getState() != Thread.State.WAITING && unmapping.isAlive()) {
                Thread.onSpinWait();
            }
        };
        rig.map(RW, second.address(), 0, PAGE_4K);
        unmapping.join();
        assertThat(rig.liveEntries(first)).as("replaced or unmapped").isZero();
        assertThat(rig.liveEntries(second)).isEqualTo(table.entry(0) != 0 ? 1 : 0);
        rig.close(group);
        rig.assertNothingHeld();
    }

    @Test
    void shouldCountEntriesExactlyWhateverMeets() throws Exception {
        Rig rig = Rig.v2();
        TestGroup group = rig.attach();
        MemorySegment first = rig.register(PAGE_64K);
        MemorySegment second = rig.register(PAGE_64K);
        rig.unmap(0, PAGE_4K);
        together(
                ROUNDS * 10,
                round -> rig.map(RW, first.address(), 0, 8 * PAGE_4K),
                round -> rig.map(RW, second.address(), 4 * PAGE_4K, 8 * PAGE_4K),
                round -> rig.unmap(2 * PAGE_4K, 8 * PAGE_4K));
        long live = 0;
        for (int entry = 0; entry < 12; entry++) {
            live += group.tables().table().entry(entry) != 0 ? 1 : 0;
        }
        assertThat(rig.liveEntries(first) + rig.liveEntries(second)).isEqualTo(live);
        rig.unmap(0, 12 * PAGE_4K);
        assertThat(rig.liveEntries(first)).isZero();
        assertThat(rig.liveEntries(second)).isZero();
        rig.close(group);
        rig.assertNothingHeld();
    }

    @Test
    void shouldFreeOrKeepMemoryThatIsUnregisteredWhileItIsMapped() throws Exception {
        Rig rig = Rig.v2();
        TestGroup group = rig.attach();
        MemorySegment memory = rig.caller.memory(PAGE_64K);
        rig.register(PAGE_64K);
        rig.unmap(0, PAGE_4K);
        long before = rig.caller.locked();
        together(
                ROUNDS * 10,
                round -> {
                    rig.register(memory);
                    rig.unregister(memory);
                },
                round -> {
                    try {
                        rig.map(memory, 0);
                    } catch (VfioException e) {
                        assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.EINVAL);
                    }
                    rig.unmap(0, PAGE_64K);
                });
        assertThat(rig.regions().find(memory.address())).isNull();
        assertThat(rig.caller.locked()).isEqualTo(before);
        rig.close(group);
        rig.assertNothingHeld();
    }

    /** Two ranges in different blocks of entries have different locks, so neither waits for the other. */
    @Test
    @Spec("S-114")
    void shouldMapRangesInParallelWithoutAllocatingPerEntry() throws Exception {
        Rig rig = Rig.v2();
        rig.attach();
        MemorySegment memory = rig.register(4 * MIB);
        rig.unmap(0, PAGE_4K);
        DmaWindow window = rig.window(0);
        var held = window.lockOf(0);
        held.lock.lock();
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            other.submit(() -> rig.map(RW, memory.address(), 2 * MIB, 2 * MIB)).get(60, TimeUnit.SECONDS);
        } finally {
            held.lock.unlock();
        }

        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = 0;
        for (int round = 0; round < 20_000; round++) {
            if (round == 10_000) {
                allocated = threads.getCurrentThreadAllocatedBytes();
            }
            rig.map(RW, memory.address(), 0, 2 * MIB);
            rig.unmap(0, 2 * MIB);
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        assertThat(allocated / (10_000.0 * 512)).as("bytes per entry").isLessThan(1);
    }
}
