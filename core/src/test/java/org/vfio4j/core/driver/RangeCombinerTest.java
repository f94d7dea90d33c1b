// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.testing.Spec;

/** Spec: core HP-3. */
class RangeCombinerTest {
    private static final List<DmaRange> RANGES = List.of(
            new DmaRange(0x1000, 0x1000),
            new DmaRange(0x5000, 0x1000),
            new DmaRange(0x8000, 0x1000),
            new DmaRange(0xb000, 0x1000),
            new DmaRange(0xffff_ffff_0000_0000L, 0x1000));

    @Test
    @Spec("C-135")
    void shouldSpanEverythingWithOne() {
        assertThat(RangeCombiner.combine(RANGES, 1)).containsExactly(new DmaRange(0x1000, 0xffff_ffff_0000_0000L));
    }

    @Test
    @Spec("C-135")
    void shouldCloseTheSmallestGapFirstAndTheLeftmostOfEqualOnes() {
        assertThat(RangeCombiner.combine(RANGES, 4))
                .containsExactly(RANGES.get(0), new DmaRange(0x5000, 0x4000), RANGES.get(3), RANGES.get(4));
        assertThat(RangeCombiner.combine(RANGES, 3))
                .containsExactly(RANGES.get(0), new DmaRange(0x5000, 0x7000), RANGES.get(4));
        assertThat(RangeCombiner.combine(RANGES, 2)).containsExactly(new DmaRange(0x1000, 0xb000), RANGES.get(4));
    }

    @Test
    void shouldLeaveFewRangesAlone() {
        assertThat(RangeCombiner.combine(RANGES, 5)).isEqualTo(RANGES);
        assertThat(RangeCombiner.combine(RANGES, 50)).isEqualTo(RANGES);
        assertThatThrownBy(() -> RangeCombiner.combine(RANGES, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
