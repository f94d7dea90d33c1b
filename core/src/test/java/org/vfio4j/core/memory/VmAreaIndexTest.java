// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmAreaIndexTest {
    private static final VmObject OBJECT = object();

    private static VmObject object() {
        var memory = new SegmentMemory(Arena.ofAuto().allocate(1));
        return new VmObject(memory, memory.segment(), 0, VmObject.Kind.REGISTERED);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldFindWhatAnOrderedMapFinds(long seed) {
        var random = new SplittableRandom(seed);
        var model = new TreeMap<Long, VmArea>();
        VmAreaIndex index = VmAreaIndex.EMPTY;
        for (int step = 0; step < 20_000; step++) {
            long start = random.nextInt(4000) * 10L;
            VmArea there = model.get(start);
            // More and more areas, then fewer and fewer, so that blocks split and vanish.
            boolean add = random.nextInt(20_000) > step;
            if (there == null && add) {
                var area = new VmArea(start, start + 1 + random.nextInt(10), OBJECT, 3);
                model.put(start, area);
                index = index.with(area);
            } else if (there != null && !add) {
                model.remove(start);
                index = index.without(there);
            }
            long address = random.nextInt(40_010);
            var floor = model.floorEntry(address);
            boolean held = floor != null && floor.getValue().end() > address;
            var ceiling = model.ceilingEntry(address);
            VmArea next = ceiling == null ? null : ceiling.getValue();
            assertThat(index.at(address))
                    .as("seed %d, step %d, at %d", seed, step, address)
                    .isSameAs(held ? floor.getValue() : null);
            assertThat(index.find(address))
                    .as("seed %d, step %d, find %d", seed, step, address)
                    .isSameAs(held ? floor.getValue() : next);
        }
        List<VmArea> all = new ArrayList<>();
        index.forEach(all::add);
        assertThat(all).as("seed %d", seed).containsExactlyElementsOf(model.values());
    }
}
