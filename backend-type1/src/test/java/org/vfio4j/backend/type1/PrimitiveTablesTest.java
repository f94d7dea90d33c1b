// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.uapi.Errno;

/** The small tables of an instance against models from the library. */
class PrimitiveTablesTest {
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void shouldCountExternalPinsLikeAMap(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        ExternalPins pins = new ExternalPins();
        Map<Long, Integer> model = new HashMap<>();
        for (int step = 0; step < 50_000; step++) {
            long iova = random.nextInt(300) * 4096L;
            if (random.nextInt(100) < (step / 4000 % 2 == 0 ? 65 : 35)) {
                if (!pins.addIfPinned(iova)) {
                    pins.add(iova, iova + 7);
                }
                model.merge(iova, 1, Integer::sum);
            } else {
                long released = pins.remove(iova);
                Integer left = model.computeIfPresent(iova, (page, count) -> count == 1 ? null : count - 1);
                boolean expected = left == null && released != 0;
                assertThat(released).as("seed %s step %s", seed, step).isEqualTo(expected ? iova + 7 : 0);
            }
            assertThat(pins.pages()).as("seed %s step %s", seed, step).isEqualTo(model.size());
        }
        Map<Long, Integer> seen = new HashMap<>();
        pins.forEach((iova, phys) -> seen.merge(iova, 1, Integer::sum));
        assertThat(seen.keySet()).isEqualTo(model.keySet());
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void shouldKeepDirtyBitsLikeABitSet(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int pages = 1 + random.nextInt(500);
        DirtyBitmap bitmap = new DirtyBitmap(pages);
        BitSet model = new BitSet();
        for (int step = 0; step < 200; step++) {
            int first = random.nextInt(pages);
            int last = first + random.nextInt(pages - first);
            bitmap.set(first, last);
            model.set(first, last + 1);
            long from = random.nextLong(pages + 128L) - 64;
            long expected = 0;
            for (int bit = 0; bit < 64; bit++) {
                long page = from + bit;
                if (page >= 0 && page < pages && model.get((int) page)) {
                    expected |= 1L << bit;
                }
            }
            assertThat(bitmap.bitsFrom(from))
                    .as("seed %s step %s from %s", seed, step, from)
                    .isEqualTo(expected);
            if (random.nextInt(20) == 0) {
                bitmap.clear();
                model.clear();
            }
        }
    }

    @Test
    void shouldRefuseABitmapOfMoreThanTwoToTheThirtyOneMinusOnePages() {
        Rig.assertRefused(Errno.EINVAL, () -> new DirtyBitmap(1L << 31));
    }

    @Test
    void shouldCutRegionsOutOfRanges() {
        IovaRanges ranges = IovaRanges.EMPTY
                .clippedTo(0, -1L)
                .without(List.of(
                        new ReservedRegion(0, 0xfff, ReservedRegion.Type.RESERVED),
                        new ReservedRegion(0x5000, 0x6fff, ReservedRegion.Type.DIRECT_RELAXABLE),
                        new ReservedRegion(0x8000, 0x8fff, ReservedRegion.Type.DIRECT),
                        new ReservedRegion(0xffff_ffff_ffff_f000L, -1L, ReservedRegion.Type.MSI)));
        assertThat(ranges.ranges())
                .containsExactly(new Range(0x1000, 0x7fff), new Range(0x9000, 0xffff_ffff_ffff_efffL));
        assertThat(ranges.accept(0x1000, 0x7fff)).isTrue();
        assertThat(ranges.accept(0x7000, 0x9000)).isFalse();
        assertThat(ranges.accept(0x7000, 0x8000)).isFalse();
        assertThat(IovaRanges.EMPTY.accept(0, -1L)).isTrue();
    }
}
