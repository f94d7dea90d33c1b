// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random sequences of valid and invalid calls, answered alike by the backend and the {@link ReferenceModel}: errnos, sizes,
 * pinned pages, bitmaps, and after each call the counts, every so often every translation of every domain.
 *
 * <p>{@code -Dtype1.model.seed} and {@code -Dtype1.model.sequences} choose other sequences and more of them.
 */
class ReferenceModelTest {
    private static final long SEED = Long.getLong("type1.model.seed", 20_240_601L);
    private static final int SEQUENCES = Integer.getInteger("type1.model.sequences", 30);
    private static final int OPERATIONS = 1_000;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void shouldAnswerAsTheReferenceModelDoes(int part) {
        for (int i = 0; i < SEQUENCES; i++) {
            long seed = SEED + 1_000_003L * part + i;
            RandomSequence sequence = new RandomSequence(new SplittableRandom(seed));
            try {
                sequence.run(OPERATIONS);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(describe(seed, sequence.history(), e), e);
            }
        }
    }

    private static String describe(long seed, List<String> history, Throwable cause) {
        return "seed " + seed + " (-Dtype1.model.seed=" + seed + "): " + cause.getMessage() + "\nlast calls:\n"
                + String.join("\n", history);
    }
}
