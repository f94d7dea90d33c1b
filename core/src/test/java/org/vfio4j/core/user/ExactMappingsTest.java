// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class ExactMappingsTest {
    private static final long BUFFER = 0x7f00_0000_0000L;

    private final ExactMappings mappings = new ExactMappings();

    @ParameterizedTest
    @CsvSource({"0x2000, 0x1000", "0x1000, 0x1001", "0x2fff, 1", "0, 0x10000", "0x2000, 0x800"})
    void shouldRefuseWhatOverlapsALiveMapping(String iova, String length) {
        mappings.claim(0x2000, 0x1000, BUFFER);
        refused(Errno.EEXIST, () -> mappings.claim(Long.decode(iova), Long.decode(length), BUFFER));
    }

    @Test
    void shouldTakeNeighboursAndWhatWasDropped() {
        mappings.claim(0x2000, 0x1000, BUFFER);
        assertThatNoException().isThrownBy(() -> mappings.claim(0x1000, 0x1000, BUFFER));
        assertThatNoException().isThrownBy(() -> mappings.claim(0x3000, 0x1000, BUFFER));
        assertThat(mappings.drop(0x2000)).isEqualTo(BUFFER);
        assertThat(mappings.drop(0x2000)).as("dropped already").isEqualTo(SortedRanges.NONE);
        assertThatNoException().isThrownBy(() -> mappings.claim(0x2000, 0x1000, BUFFER));
    }

    @Test
    void shouldAllowUnmapOfExactlyOneMapping() {
        mappings.claim(0x2000, 0x2000, BUFFER);
        assertThatNoException().isThrownBy(() -> mappings.requireExact(0x2000, 0x2000));
        refused(Errno.EINVAL, () -> mappings.requireExact(0x2000, 0x1000));
        refused(Errno.ENOENT, () -> mappings.requireExact(0x3000, 0x1000));
        refused(Errno.ENOENT, () -> mappings.requireExact(0, 0x10000));
    }

    private static void refused(Errno errno, Runnable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call::run)
                .satisfies(refusal -> assertThat(refusal.errno()).isEqualTo(errno));
    }
}
