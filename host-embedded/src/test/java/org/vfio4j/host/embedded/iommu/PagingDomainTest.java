// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vfio4j.host.embedded.iommu.PagingSetup.HUGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Mapping and unmapping in page tables; no memory is needed behind physical addresses for that. */
class PagingDomainTest {
    /** Aligned to 1 GiB. */
    private static final long PHYS = 5L << 40;

    private static void assertRefused(Errno errno, String part, Runnable action) {
        assertThatThrownBy(action::run).isInstanceOfSatisfying(VfioException.class, refused -> {
            assertThat(refused.errno()).isEqualTo(errno);
            assertThat(refused).hasMessageContaining(part);
        });
    }

    private static List<String> runs(IommuDomain domain, long iova, long length) {
        List<String> runs = new ArrayList<>();
        domain.forEachRun(iova, length, (at, phys, bytes) -> runs.add(String.format("%x>%x+%x", at, phys, bytes)));
        return runs;
    }

    @Test
    void shouldUseTheLargestPagesThatAlignmentAndLengthAllow() {
        try (var setup = new PagingSetup()) {
            // 48 bits: levels 3, 2, 1, 0. A 1 GiB page lies in level 2: root and one table.
            setup.domain.map(HUGE, PHYS, HUGE, RW);
            assertThat(setup.tables()).as("tables for one 1 GiB page").isEqualTo(2);
            // 2 MiB pages lie in level 1: one table more for 511 of them, and no level 0.
            setup.domain.map(2 * HUGE, PHYS, HUGE - LARGE, RW);
            assertThat(setup.tables()).as("tables with 2 MiB pages too").isEqualTo(3);
            setup.domain.map(3 * HUGE - LARGE, PHYS + HUGE - LARGE, LARGE - PAGE, RW);
            assertThat(setup.tables()).as("tables with 4 KiB pages too").isEqualTo(4);
            assertThat(setup.domain.iovaToPhys(3 * HUGE - PAGE - 1)).isEqualTo(PHYS + HUGE - PAGE - 1);
            assertThat(setup.domain.iovaToPhys(3 * HUGE - PAGE)).isZero();
            assertThat(setup.domain.unmap(HUGE, 2 * HUGE)).isEqualTo(2 * HUGE - PAGE);
            assertThat(setup.tables()).as("tables after all was unmapped").isEqualTo(1);
        }
    }

    @Test
    void shouldUseSmallPagesWhenThePhysicalAddressIsNotAlignedAlike() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(0, PHYS + PAGE, LARGE, RW);
            assertThat(setup.domain.unmap(0, PAGE)).as("the first page alone").isEqualTo(PAGE);
            assertThat(setup.domain.iovaToPhys(PAGE)).isEqualTo(PHYS + 2 * PAGE);
        }
    }

    @Test
    void shouldUseOnlyThePageSizesOfTheHardware() {
        try (var setup = new PagingSetup(PagingConfig.defaults().withPageSizes(PAGE), false)) {
            setup.domain.map(0, PHYS, LARGE, RW);
            assertThat(setup.domain.unmap(0, PAGE)).isEqualTo(PAGE);
            assertThat(setup.domain.pageSizes()).isEqualTo(PAGE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {39, 48, 57})
    void shouldTranslateUpToTheLastAddress(int bits) {
        try (var setup = new PagingSetup(PagingConfig.defaults().withAperture(0, bits), false)) {
            long last = (1L << bits) - PAGE;
            setup.domain.map(last, PHYS, PAGE, RW);
            assertThat(setup.domain.iovaToPhys(last + 5)).isEqualTo(PHYS + 5);
            assertThat(setup.domain.iovaToPhys(last + PAGE))
                    .as("beyond the width")
                    .isZero();
            assertThat(setup.tables()).as("one table per level").isEqualTo((bits - 12) / 9);
            assertRefused(Errno.ERANGE, "aperture", () -> setup.domain.map(last, PHYS, 2 * PAGE, RW));
            assertThat(setup.domain.unmap(last, 2 * PAGE)).isEqualTo(PAGE);
        }
    }

    @Test
    void shouldRefuseMapOutsideTheAperture() {
        try (var setup = new PagingSetup(PagingConfig.defaults().withAperture(0x1000000, 48), false)) {
            assertRefused(Errno.ERANGE, "0xfff000", () -> setup.domain.map(0xfff000, PHYS, PAGE, RW));
            assertRefused(Errno.ERANGE, "0xffffffffffff", () -> setup.domain.map(1L << 48, PHYS, PAGE, RW));
            assertRefused(Errno.ERANGE, "aperture", () -> setup.domain.map(-PAGE, PHYS, PAGE, RW));
            setup.domain.map(0x1000000, PHYS, PAGE, RW);
        }
    }

    @Test
    void shouldRefuseWhatIsNoMultipleOfThePage() {
        try (var setup = new PagingSetup()) {
            assertRefused(Errno.EINVAL, "0x800", () -> setup.domain.map(0x800, PHYS, PAGE, RW));
            assertRefused(Errno.EINVAL, "0x50000000010", () -> setup.domain.map(0, PHYS + 16, PAGE, RW));
            assertRefused(Errno.EINVAL, "0x1800", () -> setup.domain.map(0, PHYS, PAGE + 0x800, RW));
            assertRefused(Errno.EINVAL, "length 0x0", () -> setup.domain.map(0, PHYS, 0, RW));
            assertRefused(Errno.EINVAL, "protection 0x0", () -> setup.domain.map(0, PHYS, PAGE, 0));
            assertRefused(Errno.EINVAL, "protection 0x4", () -> setup.domain.map(0, PHYS, PAGE, 4));
            assertThat(setup.tables()).isEqualTo(1);
        }
    }

    @Test
    void shouldUndoAMapThatMeetsAnotherMapping() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(3 * LARGE + PAGE, PHYS, PAGE, RW);
            int before = setup.tables();
            assertRefused(Errno.EADDRINUSE, "0x600000", () -> setup.domain.map(PAGE, PHYS + PAGE, 4 * LARGE, RW));
            assertRefused(Errno.EADDRINUSE, "0x601000", () -> setup.domain.map(PAGE, PHYS, 4 * LARGE, RW));
            assertRefused(Errno.EADDRINUSE, "0x601000", () -> setup.domain.map(3 * LARGE + PAGE, PHYS, PAGE, RW));
            assertThat(runs(setup.domain, 0, HUGE)).containsExactly("601000>50000000000+1000");
            assertThat(setup.tables()).as("tables of refused maps").isEqualTo(before);
        }
    }

    @Test
    void shouldRefuseAPageInsideALargePage() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(0, PHYS, HUGE, RW);
            assertRefused(Errno.EADDRINUSE, "0x7000", () -> setup.domain.map(7 * PAGE, PHYS, PAGE, RW));
            assertRefused(Errno.EADDRINUSE, "0x200000", () -> setup.domain.map(LARGE, PHYS, LARGE, RW));
        }
    }

    @Test
    void shouldUndoAMapThatRunsOutOfTables() {
        try (var setup = new PagingSetup(PagingConfig.defaults().withTableLimit(6), false)) {
            assertRefused(Errno.ENOMEM, "6 page tables", () -> setup.domain.map(0, PHYS + PAGE, 16 * LARGE, RW));
            assertThat(setup.tables()).isEqualTo(1);
            assertThat(runs(setup.domain, 0, HUGE)).isEmpty();
            setup.domain.map(0, PHYS + PAGE, 2 * LARGE, RW);
            assertThat(setup.domain.unmap(0, 2 * LARGE)).isEqualTo(2 * LARGE);
        }
    }

    @Test
    void shouldRemoveALargePageHitByItsFirstByteWhole() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(LARGE, PHYS, 2 * LARGE, RW);
            assertThat(setup.domain.unmap(LARGE, PAGE)).isEqualTo(LARGE);
            assertThat(setup.domain.unmap(2 * LARGE + PAGE, LARGE))
                    .as("starting inside a page")
                    .isZero();
            assertThat(setup.domain.unmap(2 * LARGE, 1)).isEqualTo(LARGE);
            assertThat(setup.tables()).isEqualTo(1);
        }
    }

    @Test
    void shouldEndAnUnmapAtAHole() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(0, PHYS, 2 * PAGE, RW);
            setup.domain.map(3 * PAGE, PHYS, PAGE, RW);
            assertThat(setup.domain.unmap(0, HUGE)).isEqualTo(2 * PAGE);
            assertThat(setup.domain.unmap(2 * PAGE, PAGE)).isZero();
            assertThat(setup.domain.unmap(3 * PAGE, Long.MAX_VALUE)).isEqualTo(PAGE);
        }
    }

    @Test
    void shouldReuseTablesThatWereCutOffWhole() {
        try (var setup = new PagingSetup()) {
            for (int round = 0; round < 3; round++) {
                setup.domain.map(0, PHYS + PAGE, LARGE, RW);
                assertThat(setup.domain.unmap(0, LARGE)).isEqualTo(LARGE);
                setup.domain.map(5 * LARGE, PHYS, PAGE, RW);
                assertThat(runs(setup.domain, 0, HUGE)).containsExactly("a00000>50000000000+1000");
                assertThat(setup.domain.unmap(5 * LARGE, PAGE)).isEqualTo(PAGE);
                assertThat(setup.tables()).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldReportContiguousRunsAcrossPageSizesCutToTheRange() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(LARGE - PAGE, PHYS + LARGE - PAGE, LARGE + 2 * PAGE, RW);
            setup.domain.map(8 * LARGE, PHYS + HUGE, LARGE, RW);
            setup.domain.map(9 * LARGE, PHYS, PAGE, RW);
            assertThat(runs(setup.domain, 0, Long.MAX_VALUE))
                    .containsExactly(
                            "1ff000>500001ff000+202000", "1000000>50040000000+200000", "1200000>50000000000+1000");
            assertThat(runs(setup.domain, LARGE + 5, 2 * PAGE)).containsExactly("200005>50000200005+2000");
            assertThat(runs(setup.domain, 4 * LARGE, LARGE)).isEmpty();
            assertThat(runs(setup.domain, Long.MIN_VALUE, LARGE)).isEmpty();
            assertThat(runs(setup.domain, LARGE, 0)).isEmpty();
        }
    }

    @Test
    void shouldLetASinkChangeTheDomain() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(0, PHYS, PAGE, RW);
            setup.domain.map(2 * PAGE, PHYS, PAGE, RW);
            List<Long> seen = new ArrayList<>();
            setup.domain.forEachRun(0, LARGE, (iova, phys, length) -> seen.add(setup.domain.unmap(iova, length)));
            assertThat(seen).containsExactly(PAGE, PAGE);
        }
    }

    @Test
    void shouldRefuseToBeFreedWhileAttached() {
        try (var setup = new PagingSetup()) {
            assertThatThrownBy(setup.domain::free)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("1 groups");
        }
    }
}
