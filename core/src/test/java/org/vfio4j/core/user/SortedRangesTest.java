// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SortedRangesTest {
    private static final long SEED = 20_261;

    @Test
    void shouldAnswerAsATreeMapDoes() {
        var random = new SplittableRandom(SEED);
        var model = new TreeMap<Long, Long>();
        var ranges = new SortedRanges();
        for (int step = 0; step < 200_000; step++) {
            long start = random.nextLong(20_000) * 16;
            boolean growing = step % 40_000 < 25_000;
            if (model.containsKey(start) && !(growing && random.nextBoolean())) {
                model.remove(start);
                ranges.remove(start);
            } else if (!model.containsKey(start)) {
                long last = start + random.nextLong(16);
                model.put(start, last);
                ranges.add(start, last, ~last);
            }
            long probe = random.nextLong(20_000 * 16);
            var floor = model.floorKey(probe);
            assertThat(ranges.floor(probe))
                    .as("floor of %d at step %d, seed %d", probe, step, SEED)
                    .isEqualTo(floor == null ? SortedRanges.NONE : floor);
            assertThat(ranges.last(start))
                    .as("last of %d at step %d, seed %d", start, step, SEED)
                    .isEqualTo(model.getOrDefault(start, SortedRanges.NONE));
            assertThat(ranges.tag(start))
                    .as("tag of %d at step %d, seed %d", start, step, SEED)
                    .isEqualTo(model.containsKey(start) ? ~model.get(start) : SortedRanges.NONE);
        }
    }

    @Test
    void shouldBeEmptyAgain() {
        var ranges = new SortedRanges();
        for (long start = 0; start < 1000; start++) {
            ranges.add(start, start, 0);
        }
        for (long start = 0; start < 1000; start++) {
            ranges.remove(start);
        }
        assertThat(ranges.floor(Long.MAX_VALUE)).isEqualTo(SortedRanges.NONE);
    }
}
