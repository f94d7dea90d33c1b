// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioException;

/** The automatic choice against the specification's algorithm, written down naively. Spec: iommufd §5.4. */
class IovaChooserTest {
    private static final long PAGE = 4096;

    private record Taken(long start, long last) {}

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {11, 12, 13, 14, 15})
    @Spec("I-089")
    void shouldChooseWhatTheSpecificationChooses(long seed) {
        try (Rig rig = new Rig()) {
            var random = new SplittableRandom(seed);
            int ioas = rig.ioas();
            IovaSpace space = rig.ioas(ioas).engine().space;
            var owner = new Ioas(rig.context);
            var taken = new ArrayList<Taken>();
            List<DmaLimits.Range> allowed = List.of();
            if (random.nextBoolean()) {
                allowed = List.of(
                        new DmaLimits.Range(0x800, 0x2_7fff),
                        new DmaLimits.Range(0x2_8000, 0x3_0000),
                        new DmaLimits.Range(0x5_0000, 0xf_ffff));
                space.allow(allowed);
            } else {
                space.reserve(0x4_0000, 0x4_ffff, owner);
                space.reserve(0x4_8000, 0x5_1000, owner);
                taken.add(new Taken(0x4_0000, 0x5_1000));
            }
            var mapped = new ArrayList<Taken>();
            for (int step = 0; step < 1500; step++) {
                if (!mapped.isEmpty() && random.nextInt(3) == 0) {
                    Taken gone = mapped.remove(random.nextInt(mapped.size()));
                    taken.remove(gone);
                    rig.context.unmap(ioas, gone.start, gone.last - gone.start + 1);
                    continue;
                }
                long length = 1L + random.nextInt(random.nextBoolean() ? 200 : 0x6000);
                long vaddr = 0x10_0000L + (random.nextInt(64) << random.nextInt(13));
                long expected = expected(taken, allowed, vaddr, length);
                long chosen;
                try {
                    chosen = rig.context.map(rig.caller, ioas, Rig.RW, vaddr, length, 0);
                } catch (VfioException refused) {
                    chosen = -1;
                }
                assertThat(chosen)
                        .as("seed %d step %d: vaddr 0x%x length 0x%x", seed, step, vaddr, length)
                        .isEqualTo(expected);
                if (chosen != -1) {
                    var area = new Taken(chosen, chosen + length - 1);
                    mapped.add(area);
                    taken.add(area);
                }
            }
            space.unreserve(owner);
        }
    }

    private static long expected(List<Taken> taken, List<DmaLimits.Range> allowed, long vaddr, long length) {
        long alignment = 1;
        while (alignment < length) {
            alignment <<= 1;
        }
        alignment = Math.min(Math.min(alignment, Long.lowestOneBit(vaddr)), 2 << 20);
        long offset = vaddr % PAGE;
        var zones = new ArrayList<long[]>();
        for (DmaLimits.Range range : allowed) {
            if (!zones.isEmpty() && zones.getLast()[1] + 1 == range.start()) {
                zones.getLast()[1] = range.last();
            } else {
                zones.add(new long[] {range.start(), range.last()});
            }
        }
        if (allowed.isEmpty()) {
            zones.add(new long[] {PAGE, Long.MAX_VALUE});
        }
        for (long[] zone : zones) {
            long zoneStart = place(Math.max(zone[0], PAGE), zone[1], alignment, offset, length);
            if (zoneStart == -1) {
                continue;
            }
            long at = zoneStart;
            for (Taken range : taken.stream()
                    .sorted(Comparator.comparingLong(Taken::start))
                    .toList()) {
                if (range.start > zone[1]) {
                    break;
                }
                if (range.start > at) {
                    long found = place(at, range.start - 1, alignment, offset, length);
                    if (found != -1) {
                        return found;
                    }
                }
                at = Math.max(at, range.last + 1);
            }
            if (at <= zone[1]) {
                long found = place(at, zone[1], alignment, offset, length);
                if (found != -1) {
                    return found;
                }
            }
        }
        return -1;
    }

    private static long place(long start, long last, long alignment, long offset, long length) {
        long at = (start + alignment - 1) / alignment * alignment | offset;
        return at < last && last - at >= length - 1 ? at : -1;
    }
}
