// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ConcurrencyTest {
    @Test
    @Spec("T-050")
    void shouldLetExactlyOneOfTwoEqualMapsWin() throws Exception {
        Rig rig = Rig.v2().withGroup();
        long vaddr = rig.caller.pages(1).address();
        try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
            CyclicBarrier together = new CyclicBarrier(2);
            for (int round = 0; round < 200; round++) {
                Callable<Errno> map = () -> {
                    together.await();
                    return outcome(() -> rig.map(RW, vaddr, 0, PAGE));
                };
                List<Errno> outcomes = new ArrayList<>();
                for (Future<Errno> future : pool.invokeAll(List.of(map, map))) {
                    outcomes.add(future.get());
                }
                assertThat(outcomes).as("round %s", round).containsExactlyInAnyOrder(Errno.EEXIST, NONE);
                assertThat(rig.unmap(0, PAGE)).isEqualTo(PAGE);
            }
        }
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-162")
    void shouldKeepItsCountsUnderMapUnmapPinInfoAndAttach() throws Exception {
        Rig rig = Rig.v2();
        FakeGroup emulated = rig.group();
        rig.container.attachGroup(emulated, GroupKind.EMULATED);
        rig.container.registerDevice((iova, length) -> {
            for (long at = iova; at < iova + length; at += PAGE) {
                // More often than any page can have been pinned: it has to let go of all.
                for (int i = 0; i < 300; i++) {
                    rig.container.unpinPages(at, 1);
                }
            }
        });
        long vaddr = rig.caller.pages(8).address();
        try (ExecutorService pool = Executors.newFixedThreadPool(5)) {
            List<Future<?>> running = new ArrayList<>();
            for (int worker = 0; worker < 2; worker++) {
                SplittableRandom random = new SplittableRandom(77 + worker);
                running.add(pool.submit(() -> mapAndUnmap(rig, random, vaddr)));
            }
            running.add(pool.submit(() -> pinAndUnpin(rig, emulated)));
            running.add(pool.submit(() -> attachAndDetach(rig)));
            running.add(pool.submit(() -> readLimits(rig)));
            for (Future<?> future : running) {
                future.get();
            }
        }
        rig.unmap(Rig.ALL, 0, 0);
        assertThat(rig.available()).isEqualTo(65535);
        rig.assertNothingHeld();
    }

    private static void mapAndUnmap(Rig rig, SplittableRandom random, long vaddr) {
        for (int i = 0; i < 1500; i++) {
            long iova = random.nextInt(16) * 0x10000L;
            int pages = 1 + random.nextInt(8);
            outcome(() -> rig.map(RW, vaddr, iova, pages * PAGE));
            if (random.nextBoolean()) {
                outcome(() -> rig.unmap(random.nextInt(16) * 0x10000L, 8 * PAGE));
            }
        }
    }

    private static void pinAndUnpin(Rig rig, FakeGroup group) {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 2000; i++) {
            long iova = random.nextInt(16) * 0x10000L;
            if (outcome(() -> rig.container.pinPages(group, iova, 2, RW, (phys, length) -> {})) == NONE
                    && random.nextBoolean()) {
                rig.container.unpinPages(iova, 2);
            }
        }
    }

    private static void attachAndDetach(Rig rig) {
        for (int i = 0; i < 150; i++) {
            FakeGroup group = rig.group();
            rig.attach(group);
            rig.container.detachGroup(group);
        }
    }

    private static void readLimits(Rig rig) {
        for (int i = 0; i < 3000; i++) {
            assertThat(rig.available()).isBetween(65535L - 16, 65535L);
        }
    }

    /** Stands for success. */
    private static final Errno NONE = Errno.EXFULL;

    private static Errno outcome(Runnable call) {
        try {
            call.run();
            return NONE;
        } catch (VfioException e) {
            return e.errno();
        }
    }
}
