// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class PageCounterTest {
    private final PageCounter counter = new PageCounter();

    @Test
    void shouldChargeUpToTheLimitAndNotBeyond() {
        assertThat(counter.tryCharge(3, 5)).isTrue();
        assertThat(counter.tryCharge(3, 5)).as("3 + 3 pages with a limit of 5").isFalse();
        assertThat(counter.pages()).as("a refused charge changes nothing").isEqualTo(3);
        assertThat(counter.tryCharge(2, 5)).as("equal to the limit is allowed").isTrue();
        assertThat(counter.tryCharge(0, 5)).isTrue();
        assertThat(counter.tryCharge(1, 5)).isFalse();
    }

    @Test
    void shouldRefuseAnyChargeWhenTheLimitFellBelowWhatIsCharged() {
        counter.tryCharge(10, Long.MAX_VALUE);
        assertThat(counter.tryCharge(1, 4)).isFalse();
        assertThat(counter.pages()).isEqualTo(10);
    }

    @Test
    void shouldNotOverflowWithoutLimit() {
        assertThat(counter.tryCharge(Long.MAX_VALUE - 1, Long.MAX_VALUE)).isTrue();
        assertThat(counter.tryCharge(2, Long.MAX_VALUE)).isFalse();
        assertThat(counter.pages()).isEqualTo(Long.MAX_VALUE - 1);
    }

    @Test
    void shouldRefuseToUnchargeMoreThanCharged() {
        counter.tryCharge(2, 5);
        assertThatThrownBy(() -> counter.uncharge(3)).isInstanceOf(IllegalStateException.class);
        assertThat(counter.pages()).isEqualTo(2);
        assertThatThrownBy(() -> counter.tryCharge(-1, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> counter.uncharge(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldNeverExceedTheLimitUnderContention() throws Exception {
        int threads = 4;
        int rounds = 20_000;
        long limit = 3;
        var start = new CyclicBarrier(threads);
        try (var executor = Executors.newFixedThreadPool(threads)) {
            var results = java.util.stream.IntStream.range(0, threads)
                    .mapToObj(t -> executor.submit(() -> {
                        start.await();
                        long highest = 0;
                        for (int i = 0; i < rounds; i++) {
                            if (counter.tryCharge(1, limit)) {
                                highest = Math.max(highest, counter.pages());
                                counter.uncharge(1);
                            }
                        }
                        return highest;
                    }))
                    .toList();
            for (var result : results) {
                assertThat(result.get()).as("pages seen while holding one").isBetween(1L, limit);
            }
        }
        assertThat(counter.pages()).isZero();
    }
}
