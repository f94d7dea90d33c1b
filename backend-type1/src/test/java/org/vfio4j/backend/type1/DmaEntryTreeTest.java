// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.core.memory.FrameTable;

class DmaEntryTreeTest {
    private static final long PAGE = 4096;

    private final FakeCaller caller = new FakeCaller(new FrameTable());
    private final DmaEntryTree tree = new DmaEntryTree();
    private final TreeMap<Long, DmaEntry> model = new TreeMap<>(Long::compareUnsigned);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAgreeWithAModelUnderRandomChanges(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int slots = 1500;
        for (int step = 0; step < 40_000; step++) {
            // Slots in both halves of the unsigned range; the share of insertions swings between growth and decay.
            long slot = random.nextInt(slots);
            long iova = (slot & 1) == 0 ? slot * 4 * PAGE : -(slot + 1) * 4 * PAGE;
            boolean grow = random.nextInt(100) < (step / 5000 % 2 == 0 ? 80 : 25);
            DmaEntry present = model.get(iova);
            if (grow && present == null) {
                insert(iova, (1 + random.nextInt(4)) * PAGE);
            } else if (!grow && present != null) {
                tree.remove(present);
                model.remove(iova);
            }
            if (step % 7 == 0) {
                assertSameAnswers(iova + random.nextInt(6) * PAGE, "seed " + seed + " step " + step);
            }
        }
        assertSameOrder();
    }

    @Test
    void shouldKeepOrderWhenFilledUpwardsAndEmptiedDownwards() {
        for (int i = 0; i < 10_000; i++) {
            insert(i * PAGE, PAGE);
        }
        assertSameOrder();
        for (int i = 9_999; i >= 0; i--) {
            tree.remove(remembered(i * PAGE));
            model.remove(i * PAGE);
            if (i % 997 == 0) {
                assertSameOrder();
            }
        }
        assertThat(tree.isEmpty()).isTrue();
        assertThat(tree.first()).isNull();
    }

    @Test
    void shouldKeepOrderWhenUsedAsAQueue() {
        for (int i = 0; i < 20_000; i++) {
            insert(i * PAGE, PAGE);
            if (i >= 100) {
                tree.remove(remembered((i - 100) * PAGE));
                model.remove((i - 100) * PAGE);
            }
        }
        assertSameOrder();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAgreeWithAModelWhenEntriesReachAcrossBlocks(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int step = 0; step < 20_000; step++) {
            String when = "seed " + seed + " step " + step;
            // 64 MiB, in which one page and entries longer than two blocks lie side by side.
            long iova = random.nextInt(1 << 14) * PAGE;
            long size = (random.nextInt(4) == 0 ? 1 + random.nextInt(1200) : 1) * PAGE;
            DmaEntry overlapping = firstReaching(iova);
            if (overlapping != null && overlapping.iova > iova + size - 1) {
                overlapping = null;
            }
            assertThat(tree.firstReaching(iova)).as(when).isSameAs(firstReaching(iova));
            assertThat(tree.firstOverlapping(iova, iova + size - 1)).as(when).isSameAs(overlapping);
            assertSameAnswers(iova, when);
            if (overlapping == null) {
                insert(iova, size);
            } else if (random.nextInt(3) == 0) {
                tree.remove(overlapping);
                model.remove(overlapping.iova);
            }
        }
        assertSameOrder();
    }

    @Test
    void shouldFindTheEntryThatEndsAtTheLastAddress() {
        DmaEntry top = insert(-PAGE, PAGE);
        assertThat(tree.containing(-1L)).isSameAs(top);
        assertThat(tree.firstOverlapping(0, -1L)).isSameAs(top);
        assertThat(tree.firstOverlapping(0, -PAGE - 1)).isNull();
        assertThat(tree.higher(-1L)).isNull();
    }

    private DmaEntry insert(long iova, long size) {
        DmaEntry entry = new DmaEntry(iova, size, 0, 3, caller, false);
        tree.insert(entry);
        model.put(iova, entry);
        return entry;
    }

    private @Nullable DmaEntry firstReaching(long address) {
        DmaEntry floor = value(model.floorEntry(address));
        return floor != null && floor.contains(address) ? floor : value(model.higherEntry(address));
    }

    private DmaEntry remembered(long iova) {
        return Objects.requireNonNull(model.get(iova));
    }

    private void assertSameAnswers(long address, String when) {
        assertThat(tree.floor(address)).as("floor at %s", when).isSameAs(value(model.floorEntry(address)));
        assertThat(tree.higher(address)).as("higher at %s", when).isSameAs(value(model.higherEntry(address)));
        assertThat(tree.size()).as(when).isEqualTo(model.size());
        DmaEntry floor = value(model.floorEntry(address));
        DmaEntry containing = floor != null && floor.contains(address) ? floor : null;
        assertThat(tree.containing(address)).as("containing at %s", when).isSameAs(containing);
    }

    private void assertSameOrder() {
        List<DmaEntry> seen = new ArrayList<>();
        for (DmaEntry entry = tree.first(); entry != null; entry = tree.next(entry)) {
            seen.add(entry);
        }
        assertThat(seen).containsExactlyElementsOf(model.values());
    }

    private static @Nullable DmaEntry value(Map.@Nullable Entry<Long, DmaEntry> entry) {
        return entry == null ? null : entry.getValue();
    }
}
