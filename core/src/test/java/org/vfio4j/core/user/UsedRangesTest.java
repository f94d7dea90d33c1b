// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UsedRangesTest {
    private static final long SEED = 20_240_301;

    private final UsedRanges used = new UsedRanges();

    @Test
    void shouldAnswerNothingForAnAddressWhereNoRangeStarts() {
        used.put(0, 0xfff);
        assertThat(used.remove(0x800)).isEqualTo(UsedRanges.NONE);
        assertThat(used.remove(0)).isEqualTo(0xfff);
        assertThat(used.remove(0)).isEqualTo(UsedRanges.NONE);
    }

    @Test
    void shouldHoldWhatAMapHoldsWhateverIsPutAndRemoved() {
        var random = new SplittableRandom(SEED);
        var model = new HashMap<Long, Long>();
        for (int step = 0; step < 200_000; step++) {
            // Few addresses beside each other, so that places collide and gaps are closed again and again.
            long start = random.nextInt(700) * 4096L;
            if (random.nextInt(5) < 3) {
                long last = start + random.nextInt(1, 1 << 20);
                used.put(start, last);
                model.put(start, last);
            } else {
                Long expected = model.remove(start);
                assertThat(used.remove(start))
                        .as("step %d of seed %d, address 0x%x", step, SEED, start)
                        .isEqualTo(expected == null ? UsedRanges.NONE : expected);
            }
        }
        Map<Long, Long> left = new HashMap<>();
        used.forEach(left::put);
        assertThat(left).isEqualTo(model);
    }
}
