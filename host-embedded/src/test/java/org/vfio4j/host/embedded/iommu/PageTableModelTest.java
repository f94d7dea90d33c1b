// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.host.embedded.iommu.PagingSetup.HUGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Random maps and unmaps of all page sizes against a sorted map of pages. */
class PageTableModelTest {
    private static final int OPERATIONS = 6_000;
    /** Neighbourhoods that operations fall in, so that they meet each other. */
    private static final long[] BASES = {0, HUGE, 2 * HUGE - 4 * LARGE, (1L << 39) - 2 * HUGE};

    /** A page of the model. */
    private record Page(long phys, long size) {}

    @ParameterizedTest
    @CsvSource({"39, 0x40201000", "48, 0x40201000", "57, 0x201000", "48, 0x40001000", "39, 0x1000"})
    void shouldTranslateAsASortedMapOfPagesDoes(int bits, long pageSizes) {
        long seed = Long.getLong("vfio4j.seed", System.nanoTime());
        System.out.println("PageTableModelTest: -Dvfio4j.seed=" + seed);
        var random = new SplittableRandom(seed);
        var config = PagingConfig.defaults().withPageSizes(pageSizes).withAperture(0, bits);
        try (var setup = new PagingSetup(config, false)) {
            NavigableMap<Long, Page> model = new TreeMap<>();
            for (int i = 0; i < OPERATIONS; i++) {
                String at = "seed " + seed + ", operation " + i;
                if (random.nextInt(3) != 0) {
                    map(setup, model, random, pageSizes, at);
                } else {
                    unmap(setup, model, random, at);
                }
                check(setup, model, random, at);
            }
            assertThat(runs(setup)).as("runs, seed %d", seed).isEqualTo(runs(model));
            for (var page : model.entrySet()) {
                assertThat(setup.domain.unmap(page.getKey(), 1))
                        .isEqualTo(page.getValue().size());
            }
            assertThat(setup.tables()).as("tables at the end, seed %d", seed).isEqualTo(1);
        }
    }

    private static void map(
            PagingSetup setup, NavigableMap<Long, Page> model, SplittableRandom random, long sizes, String at) {
        long unit = randomSize(random, sizes);
        long iova = randomIova(random) & -unit;
        long phys = ((1L + random.nextInt(4)) << 40) | (random.nextLong(HUGE) & -randomSize(random, sizes | unit));
        long length = unit * (1 + random.nextInt(unit == PAGE ? 700 : 3));
        if (length > (1L << 39) - iova) {
            length = unit;
        }
        Map.Entry<Long, Page> before = model.lowerEntry(iova + length);
        boolean free = before == null || before.getKey() + before.getValue().size() <= iova;
        try {
            setup.domain.map(iova, phys & -PAGE, length, RW);
            assertThat(free).as("map over another mapping, %s", at).isTrue();
        } catch (VfioException refused) {
            assertThat(refused.errno()).as(at).isEqualTo(Errno.EADDRINUSE);
            assertThat(free).as("map of a free range refused, %s", at).isFalse();
            return;
        }
        long done = 0;
        while (done < length) {
            long size = PAGE;
            for (long larger : new long[] {LARGE, HUGE}) {
                boolean fits =
                        (iova + done) % larger == 0 && (phys & -PAGE) % larger == (-done % larger + larger) % larger;
                if ((sizes & larger) != 0 && fits && length - done >= larger) {
                    size = larger;
                }
            }
            model.put(iova + done, new Page((phys & -PAGE) + done, size));
            done += size;
        }
    }

    private static void unmap(PagingSetup setup, NavigableMap<Long, Page> model, SplittableRandom random, String at) {
        Long known = model.ceilingKey(randomIova(random));
        long iova = known != null && random.nextInt(4) != 0 ? known : randomIova(random) & -PAGE;
        long length = PAGE * (1 + random.nextLong(random.nextBoolean() ? 600 : 2 * HUGE / PAGE));
        long expected = 0;
        while (expected < length) {
            Page page = model.get(iova + expected);
            if (page == null) {
                break;
            }
            model.remove(iova + expected);
            expected += page.size();
        }
        assertThat(setup.domain.unmap(iova, length))
                .as("unmap of 0x%x bytes at 0x%x, %s", length, iova, at)
                .isEqualTo(expected);
    }

    private static void check(PagingSetup setup, NavigableMap<Long, Page> model, SplittableRandom random, String at) {
        for (int i = 0; i < 4; i++) {
            long iova = randomIova(random);
            Map.Entry<Long, Page> page = model.floorEntry(iova);
            boolean mapped =
                    page != null && iova - page.getKey() < page.getValue().size();
            assertThat(setup.domain.iovaToPhys(iova))
                    .as("translation of 0x%x, %s", iova, at)
                    .isEqualTo(mapped ? page.getValue().phys() + iova - page.getKey() : 0);
        }
    }

    private static List<String> runs(PagingSetup setup) {
        List<String> runs = new ArrayList<>();
        setup.domain.forEachRun(0, Long.MAX_VALUE, (iova, phys, length) -> runs.add(run(iova, phys, length)));
        return runs;
    }

    private static List<String> runs(NavigableMap<Long, Page> model) {
        List<String> runs = new ArrayList<>();
        long iova = 0;
        long phys = 0;
        long length = 0;
        for (var page : model.entrySet()) {
            if (length > 0 && (page.getKey() != iova + length || page.getValue().phys() != phys + length)) {
                runs.add(run(iova, phys, length));
                length = 0;
            }
            if (length == 0) {
                iova = page.getKey();
                phys = page.getValue().phys();
            }
            length += page.getValue().size();
        }
        if (length > 0) {
            runs.add(run(iova, phys, length));
        }
        return runs;
    }

    private static String run(long iova, long phys, long length) {
        return String.format("%x>%x+%x", iova, phys, length);
    }

    private static long randomIova(SplittableRandom random) {
        return BASES[random.nextInt(BASES.length)] + random.nextLong(8 * LARGE);
    }

    private static long randomSize(SplittableRandom random, long sizes) {
        long[] all = {PAGE, PAGE, PAGE, LARGE, LARGE, HUGE};
        long size;
        do {
            size = all[random.nextInt(all.length)];
        } while ((sizes & size) == 0);
        return size;
    }
}
