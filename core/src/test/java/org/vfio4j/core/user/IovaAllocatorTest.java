// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.VfioException;

class IovaAllocatorTest {
    private final IovaAllocator addresses = new IovaAllocator();

    private static DmaLimits.Range range(long start, long last) {
        return new DmaLimits.Range(start, last);
    }

    @Test
    void shouldTakeTheFirstAllowedAddressThatIsNotZero() {
        addresses.limitTo(List.of(range(0, 0xffff), range(0x20000, 0x2ffff)));
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x1000);
        assertThat(addresses.allocate(0xe000, 0x1000, 0)).isEqualTo(0x2000);
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x20000);
        addresses.free(0x1000);
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x1000);
    }

    @Test
    void shouldHonourAlignmentAndResidue() {
        addresses.limitTo(List.of(range(0x1000, 0xffff_ffffL)));
        assertThat(addresses.allocate(0x200000, 0x200000, 0x3000)).isEqualTo(0x3000);
        assertThat(addresses.allocate(0x200000, 0x200000, 0x1000)).isEqualTo(0x401000);
    }

    @Test
    void shouldSayWhenNothingIsLeft() {
        addresses.limitTo(List.of(range(0x1000, 0x2fff)));
        assertThatThrownBy(() -> addresses.allocate(0x3000, 0x1000, 0)).isInstanceOf(VfioException.class);
        assertThat(addresses.allocate(0x2000, 0x1000, 0)).isEqualTo(0x1000);
        assertThatThrownBy(() -> addresses.allocate(0x1000, 0x1000, 0)).isInstanceOf(VfioException.class);
    }

    @Test
    void shouldGoOnWhenTheLimitsChange() {
        addresses.limitTo(List.of());
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x1000);
        addresses.take(0x3000, 0x1000);
        addresses.limitTo(List.of(range(0, 0x3fff), range(0x8000, -1)));
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x2000);
        assertThat(addresses.allocate(0x1000, 0x1000, 0)).isEqualTo(0x8000);
    }

    @Test
    void shouldNeverGiveOutWhatIsTaken() {
        long seed = 20261121;
        var random = new SplittableRandom(seed);
        addresses.limitTo(List.of(range(0, 0xf_ffff), range(0x20_0000, 0x2f_ffff)));
        record Taken(long start, long size) {}
        List<Taken> taken = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            if (!taken.isEmpty() && random.nextInt(3) == 0) {
                addresses.free(taken.remove(random.nextInt(taken.size())).start());
                continue;
            }
            long size = 0x1000L * random.nextInt(1, 9);
            var found = addresses.find(size, 0x1000, 0);
            if (found.isEmpty()) {
                continue;
            }
            long start = found.getAsLong();
            addresses.take(start, size);
            assertThat(taken)
                    .as("seed %d, step %d, 0x%x + 0x%x", seed, i, start, size)
                    .noneMatch(other -> start < other.start() + other.size() && other.start() < start + size);
            taken.add(new Taken(start, size));
        }
        taken.forEach(range -> addresses.free(range.start()));
        assertThat(addresses.find(0x10_0000 - 0x1000, 0x1000, 0))
                .as("all gaps merged")
                .hasValue(0x1000);
        assertThat(addresses.find(0x10_0000, 0x1000, 0)).hasValue(0x20_0000);
    }
}
