// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Dirty bits that devices' writes set in the tables. */
class DirtyTrackingTest {
    private static List<String> dirty(PagingSetup setup, long iova, long length, boolean clear) {
        List<String> ranges = new ArrayList<>();
        setup.domain.readDirty(iova, length, clear, (at, bytes) -> ranges.add(String.format("%x+%x", at, bytes)));
        return ranges;
    }

    @Test
    void shouldReportWrittenPagesUntilCleared() {
        var config = PagingConfig.defaults().withDirtyPageSizes(PAGE);
        try (var setup = new PagingSetup(config, true)) {
            var memory = setup.memory(LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), LARGE, RW);
            MemorySegment buffer = setup.buffer(PAGE);
            setup.port.write(LARGE, buffer, 0, 8);
            setup.domain.setDirtyTracking(true);
            assertThat(dirty(setup, 0, 4 * LARGE, false))
                    .as("written before tracking")
                    .isEmpty();

            setup.port.read(LARGE + 5 * PAGE, buffer, 0, 8);
            setup.port.write(LARGE + PAGE - 4, buffer, 0, 8);
            setup.port.write(LARGE + 9 * PAGE, buffer, 0, 1);
            assertThat(dirty(setup, 0, 4 * LARGE, false)).containsExactly("200000+2000", "209000+1000");
            assertThat(dirty(setup, LARGE + PAGE, PAGE, true)).containsExactly("201000+1000");
            assertThat(dirty(setup, 0, 4 * LARGE, true)).containsExactly("200000+1000", "209000+1000");
            assertThat(dirty(setup, 0, 4 * LARGE, true)).isEmpty();

            // The write goes through a translation the port has cached with its dirty bit set.
            setup.port.write(LARGE + 9 * PAGE, buffer, 0, 1);
            assertThat(dirty(setup, 0, 4 * LARGE, true)).containsExactly("209000+1000");
        }
    }

    @Test
    void shouldReportEachOfManyRunsOnce() {
        var config = PagingConfig.defaults().withDirtyPageSizes(PAGE);
        try (var setup = new PagingSetup(config, true)) {
            var memory = setup.memory(4 * LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), 4 * LARGE, RW);
            MemorySegment buffer = setup.buffer(PAGE);
            List<String> written = new ArrayList<>();
            for (long iova = LARGE + PAGE; iova < 4 * LARGE; iova += 2 * PAGE) {
                setup.port.write(iova, buffer, 0, 8);
                written.add(String.format("%x+1000", iova));
            }
            assertThat(dirty(setup, 0, 8 * LARGE, false)).isEqualTo(written);
            assertThat(dirty(setup, 0, 8 * LARGE, true)).isEqualTo(written);
            assertThat(dirty(setup, 0, 8 * LARGE, true)).isEmpty();
        }
    }

    @Test
    void shouldJoinARunAcrossTablesAndClearOnlyWhatWasAskedFor() {
        var config = PagingConfig.defaults().withDirtyPageSizes(PAGE);
        try (var setup = new PagingSetup(config, true)) {
            var memory = setup.memory(4 * LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), 4 * LARGE, RW);
            setup.port.write(2 * LARGE - PAGE, setup.buffer(LARGE + 3 * PAGE), 0, LARGE + 3 * PAGE);
            assertThat(dirty(setup, 0, 8 * LARGE, false)).containsExactly("3ff000+203000");
            assertThat(dirty(setup, 2 * LARGE + PAGE, LARGE, true)).containsExactly("401000+200000");
            assertThat(dirty(setup, 0, 8 * LARGE, true)).containsExactly("3ff000+2000", "601000+1000");
        }
    }

    @Test
    void shouldForgetWhatWasWrittenBeforeAPageWasMappedAnew() {
        var config = PagingConfig.defaults().withDirtyPageSizes(PAGE);
        try (var setup = new PagingSetup(config, true)) {
            var memory = setup.memory(LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), LARGE, RW);
            setup.port.write(LARGE, setup.buffer(LARGE), 0, LARGE);
            setup.domain.unmap(LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), LARGE, RW);
            assertThat(dirty(setup, 0, 8 * LARGE, true)).isEmpty();
            setup.port.write(LARGE + PAGE, setup.buffer(8), 0, 8);
            assertThat(dirty(setup, 0, 8 * LARGE, true)).containsExactly("201000+1000");
        }
    }

    @Test
    void shouldReportALargePageWhole() {
        try (var setup = new PagingSetup(PagingConfig.defaults(), true)) {
            var memory = setup.memory(2 * LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), 2 * LARGE, RW);
            setup.domain.setDirtyTracking(true);
            setup.port.write(LARGE + 9 * PAGE, setup.buffer(8), 0, 8);
            assertThat(dirty(setup, LARGE + PAGE, PAGE, true)).containsExactly("200000+200000");
        }
    }

    @Test
    void shouldRefuseTrackingInADomainMadeWithoutIt() {
        try (var setup = new PagingSetup()) {
            assertThatThrownBy(() -> setup.domain.setDirtyTracking(true))
                    .isInstanceOfSatisfying(
                            VfioException.class,
                            refused -> assertThat(refused.errno()).isEqualTo(Errno.EOPNOTSUPP));
        }
    }
}
