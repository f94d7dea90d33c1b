// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalTreeTest {
    private static final Comparator<PageSpan> BY_START = (a, b) -> Long.compareUnsigned(a.start, b.start);

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldFindWhatAListFindsAmongOverlappingIntervals(long seed) {
        var random = new SplittableRandom(seed);
        var tree = new IntervalTree<PageSpan>();
        var list = new ArrayList<PageSpan>();
        for (int step = 0; step < 4000; step++) {
            if (list.isEmpty() || random.nextInt(5) < 3) {
                // Values around the sign bit, so that a signed comparison would be found out.
                long start = Long.MAX_VALUE - 500 + random.nextInt(1000);
                var span = new PageSpan(start, start + random.nextInt(20));
                tree.insert(span);
                list.add(span);
            } else {
                PageSpan span = list.remove(random.nextInt(list.size()));
                tree.remove(span);
            }
            long from = Long.MAX_VALUE - 510 + random.nextInt(1020);
            long to = from + random.nextInt(30);
            PageSpan found = tree.firstIntersecting(from, to);
            PageSpan expected = list.stream()
                    .filter(span -> Long.compareUnsigned(span.start, to) <= 0)
                    .filter(span -> Long.compareUnsigned(span.last, from) >= 0)
                    .min(BY_START)
                    .orElse(null);
            assertThat(found == null).as("step %d", step).isEqualTo(expected == null);
            if (found != null && expected != null) {
                assertThat(found.start).as("step %d", step).isEqualTo(expected.start);
            }
        }
        assertThat(inOrder(tree))
                .containsExactlyElementsOf(
                        list.stream().sorted(BY_START).map(span -> span.start).toList());
        assertThat(tree.size()).isEqualTo(list.size());
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {5, 6, 7})
    void shouldFindTheLowestHoleThatIsWideEnough(long seed) {
        var random = new SplittableRandom(seed);
        var tree = new IntervalTree<PageSpan>();
        var list = new ArrayList<PageSpan>();
        for (int step = 0; step < 3000; step++) {
            long start = random.nextInt(3000);
            long last = start + random.nextInt(6);
            if (random.nextInt(3) == 0 && !list.isEmpty()) {
                tree.remove(list.remove(random.nextInt(list.size())));
            } else if (tree.firstIntersecting(start, last) == null) {
                var span = new PageSpan(start, last);
                tree.insert(span);
                list.add(span);
            }
            long from = random.nextInt(3000);
            long length = 1L + random.nextInt(40);
            PageSpan found = tree.gapBefore(from, length);
            list.sort(BY_START);
            PageSpan expected = null;
            for (int i = 1; i < list.size() && expected == null; i++) {
                long gap = list.get(i).start - list.get(i - 1).last - 1;
                if (gap >= length && list.get(i).start - 1 >= from) {
                    expected = list.get(i);
                }
            }
            assertThat(found)
                    .as("step %d from %d length %d", step, from, length)
                    .isSameAs(expected);
            if (found != null) {
                assertThat(tree.previousLast(found)).isEqualTo(list.get(list.indexOf(found) - 1).last);
            }
        }
    }

    private static List<Long> inOrder(IntervalTree<PageSpan> tree) {
        var starts = new ArrayList<Long>();
        for (PageSpan at = tree.first(); at != null; at = tree.next(at)) {
            starts.add(at.start);
        }
        return starts;
    }
}
