// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class WriteLogTest {
    private static final List<DmaRange> RANGES =
            List.of(new DmaRange(0x10000, 0x8000), new DmaRange(0x18000, 0x8000), new DmaRange(-0x20000L, 0x10000));

    private final WriteLog log = new WriteLog();

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private List<DmaRange> report(long iova, long length) {
        var dirty = new ArrayList<DmaRange>();
        log.readAndClear(iova, length, (at, bytes) -> dirty.add(new DmaRange(at, bytes)));
        return dirty;
    }

    @Test
    void shouldReportWrittenPagesOnce() {
        assertThat(log.start(RANGES, 4096)).isEqualTo(4096);
        log.written(0x10800, 1);
        log.written(0x12fff, 2);
        log.written(0x17ff0, 0x20);
        log.written(-0x10001L, 1);
        log.written(0x20000, 4096);
        log.written(0xf000, 4096);
        assertThat(report(0, 0x30000))
                .containsExactly(
                        new DmaRange(0x10000, 4096),
                        new DmaRange(0x12000, 4096),
                        new DmaRange(0x13000, 4096),
                        new DmaRange(0x17000, 4096),
                        new DmaRange(0x18000, 4096));
        assertThat(report(0, 0x30000)).isEmpty();
        assertThat(report(-0x20000L, 0x10000)).containsExactly(new DmaRange(-0x11000L, 4096));
    }

    @Test
    void shouldKeepWhatWasNotAskedAbout() {
        log.start(RANGES, 4096);
        log.written(0x10000, 0x10000);
        assertThat(report(0x12000, 0x2000)).hasSize(2);
        assertThat(report(0x10000, 0x10000)).hasSize(14);
        assertThat(report(0x10000, 0)).isEmpty();
    }

    @Test
    void shouldRecordInPagesAsLargeAsAskedFor() {
        assertThat(log.start(RANGES, 8192)).isEqualTo(8192);
        log.written(0x13000, 1);
        assertThat(report(0x12000, 0x1000)).containsExactly(new DmaRange(0x12000, 8192));
        assertThat(report(0x12000, 0x2000))
                .as("half a page was asked about before")
                .containsExactly(new DmaRange(0x12000, 8192));
        assertThat(report(0x12000, 0x2000)).isEmpty();
    }

    @Test
    void shouldChooseLargerPagesForRangesTooLarge() {
        var all = List.of(new DmaRange(0, 1L << 62));
        assertThat(log.start(all, 512)).isEqualTo(1L << 38);
        log.written((1L << 61) + 5, 1);
        assertThat(report(0, 1L << 62)).containsExactly(new DmaRange(1L << 61, 1L << 38));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 3, 4097})
    void shouldRefusePagesThatAreNone(long size) {
        assertRefused(Errno.EINVAL, () -> log.start(RANGES, size));
        assertRefused(Errno.EINVAL, () -> report(0, 4096));
    }

    @Test
    void shouldStartOnceAndStopAlways() {
        assertRefused(Errno.EINVAL, () -> log.start(List.of(new DmaRange(0, 0)), 4096));
        log.stop();
        log.written(0x10000, 1);
        log.start(RANGES, 4096);
        assertThat(report(0, 0x30000)).isEmpty();
        assertRefused(Errno.EINVAL, () -> log.start(RANGES, 4096));
        log.stop();
        assertRefused(Errno.EINVAL, () -> report(0, 4096));
        log.start(RANGES, 4096);
    }
}
