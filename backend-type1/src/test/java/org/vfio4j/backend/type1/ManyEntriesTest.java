// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.testing.Spec;

/**
 * The cost of one call beside many entries. A walk over all 65535 would cost thousands of times what a look-up does, so the
 * bound can be wide enough for any machine: the best of many rounds, 30 times the cost beside few.
 */
class ManyEntriesTest {
    private static final int MANY = 65_534;
    private static final int FEW = 16;
    private static final int ROUNDS = 3_000;
    private static final int MOST_TIMES = 30;

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    @Spec("T-161")
    void shouldNotWalkOverAllEntries() {
        Loaded few = new Loaded(FEW);
        Loaded many = new Loaded(MANY);
        for (int warm = 0; warm < 3; warm++) {
            few.bestMapUnmap();
            few.bestGetBitmap();
        }
        assertThat(many.bestMapUnmap())
                .as("nanoseconds of MAP and UNMAP beside %s entries", MANY)
                .isLessThan(MOST_TIMES * few.bestMapUnmap());
        assertThat(many.bestGetBitmap())
                .as("nanoseconds of GET_BITMAP of one entry beside %s", MANY)
                .isLessThan(MOST_TIMES * few.bestGetBitmap());
    }

    @Test
    @Spec("T-161")
    void shouldHoldAsManyEntriesAsTheLimitAllows() {
        Loaded many = new Loaded(MANY + 1);
        assertThat(many.rig.available()).isZero();
        assertThat(many.rig.unmap(Rig.ALL, 0, 0)).isEqualTo((MANY + 1) * PAGE);
        assertThat(many.rig.available()).isEqualTo(65_535);
        many.rig.assertNothingHeld();
    }

    /** An instance with entries on every second page, tracking. */
    private static final class Loaded {
        private final Rig rig = Rig.v2().withGroup();
        private final MemorySegment page = rig.caller.pages(1);
        private final MemorySegment bitmap = rig.caller.pages(1);
        private final RawCall raw = new RawCall(rig);
        private final int entries;

        Loaded(int entries) {
            this.entries = entries;
            for (int i = 0; i < entries; i++) {
                rig.map(RW, page.address(), 2L * i * PAGE, PAGE);
            }
            rig.events.clear();
            raw.start();
        }

        long bestMapUnmap() {
            SplittableRandom random = new SplittableRandom(1);
            return best(() -> {
                long iova = (2L * random.nextInt(entries) + 1) * PAGE;
                rig.map(RW, page.address(), iova, PAGE);
                rig.unmap(iova, PAGE);
            });
        }

        long bestGetBitmap() {
            SplittableRandom random = new SplittableRandom(2);
            return best(() -> raw.getBitmap(2L * random.nextInt(entries) * PAGE, PAGE, PAGE, 8, bitmap.address()));
        }

        private long best(Runnable call) {
            long best = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                call.run();
                best = Math.min(best, System.nanoTime() - start);
            }
            rig.events.clear();
            return Math.max(best, 1_000); // clocks are coarse
        }
    }
}
