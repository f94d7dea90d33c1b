// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LostPagesTest {
    private static final int PLACES = 64;

    private final LostPages lost = new LostPages();

    @Test
    void shouldKnowNothingAtFirst() {
        assertThat(lost.contains(0, Long.MAX_VALUE)).isFalse();
        lost.remove(0, Long.MAX_VALUE);
    }

    @Test
    void shouldCutWhatIsPinnedAnewOutOfTheMiddle() {
        lost.add(10, 40);
        lost.remove(20, 30);
        assertThat(lost.contains(19, 20)).isTrue();
        assertThat(lost.contains(20, 30)).isFalse();
        assertThat(lost.contains(29, 31)).isTrue();
        assertThat(lost.contains(0, 10)).isFalse();
        assertThat(lost.contains(40, 50)).isFalse();
    }

    @Test
    void shouldAgreeWithASetOfAddresses() {
        long seed = 20_260_101;
        var random = new SplittableRandom(seed);
        var model = new BitSet();
        for (int step = 0; step < 20_000; step++) {
            int from = random.nextInt(PLACES);
            int to = from + 1 + random.nextInt(PLACES);
            switch (random.nextInt(3)) {
                case 0 -> {
                    lost.add(from, to);
                    model.set(from, to);
                }
                case 1 -> {
                    lost.remove(from, to);
                    model.clear(from, to);
                }
                default -> {
                    int next = model.nextSetBit(from);
                    assertThat(lost.contains(from, to))
                            .as("[%d, %d) at step %d, seed %d", from, to, step, seed)
                            .isEqualTo(next >= 0 && next < to);
                }
            }
        }
    }
}
