// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DmaBlockIndexTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldAgreeWithAModelUnderRandomChanges(long seed) {
        var random = new SplittableRandom(seed);
        var numbers = new DmaEntryNumbers();
        var index = new DmaBlockIndex();
        Map<Long, DmaBlock> model = new HashMap<>();
        List<Long> known = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            // Neighbours, and numbers from all over, the greatest included.
            known.add(i < 300 ? i : random.nextLong() >>> 21);
        }
        known.add(-1L >>> 21);
        for (int step = 0; step < 60_000; step++) {
            long number = known.get(random.nextInt(known.size()));
            boolean grow = random.nextInt(100) < (step / 10_000 % 2 == 0 ? 70 : 20);
            if (grow && !model.containsKey(number)) {
                var block = new DmaBlock(number, numbers);
                index.reserve();
                index.put(block);
                model.put(number, block);
            } else if (!grow && model.remove(number) != null) {
                index.remove(number);
            }
            long asked = known.get(random.nextInt(known.size()));
            assertThat(index.find(asked))
                    .as("block %d, seed %d step %d", asked, seed, step)
                    .isSameAs(model.get(asked));
        }
        for (long number : known) {
            assertThat(index.find(number))
                    .as("block %d at the end, seed %d", number, seed)
                    .isSameAs(model.get(number));
        }
    }
}
