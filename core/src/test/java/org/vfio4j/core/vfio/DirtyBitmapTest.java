// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class DirtyBitmapTest {
    private static final long PAGE = 4096;

    /** Longer than three chunks, and not a whole number of words. */
    private static final int PAGES = 3 * DirtyBitmap.CHUNK_WORDS * Long.SIZE + 77;

    private final BitSet bits = new BitSet();
    private final List<String> merges = new ArrayList<>();

    private void merge(long first, long[] words, int from, int to) {
        merges.add(first + "+" + (to - from));
        for (int word = from; word < to; word++) {
            assertThat(words[word]).as("a word without bits").isNotZero();
            var more = BitSet.valueOf(new long[] {words[word]});
            int base = Math.toIntExact((first + word - from) * Long.SIZE);
            more.stream().forEach(bit -> bits.set(base + bit));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 22, 333})
    void shouldSetTheBitsOfAllPagesTouched(long seed) {
        var random = new SplittableRandom(seed);
        long iova = -((long) PAGES + 5) * PAGE + random.nextLong(PAGE);
        long length = (long) PAGES * PAGE - random.nextLong(PAGE);
        var bitmap = new DirtyBitmap(iova, length, PAGE, this::merge);
        var expected = new BitSet();
        for (int i = 0; i < 300; i++) {
            long offset = random.nextLong(-3 * PAGE, length + 3 * PAGE);
            long bytes = random.nextLong(1, random.nextBoolean() ? PAGE : 1000 * PAGE);
            bitmap.dirty(iova + offset, bytes);
            long from = Math.max(0, offset);
            long to = Math.min(length, offset + bytes);
            if (iova + offset + bytes > 0) {
                // The range runs into the end of the address space.
                to = length;
            }
            if (from < to) {
                expected.set((int) (from / PAGE), (int) ((to - 1) / PAGE) + 1);
            }
        }
        bitmap.finish();
        assertThat(bits).as("seed %d", seed).isEqualTo(expected);
    }

    @Test
    void shouldMergeRunsOfWordsWithBitsOnly() {
        var bitmap = new DirtyBitmap(0, (long) PAGES * PAGE, PAGE, this::merge);
        bitmap.dirty(0, 1);
        bitmap.dirty(70 * PAGE, 60 * PAGE);
        bitmap.dirty(400 * PAGE, PAGE);
        assertThat(merges).as("before another part of the bitmap is reached").isEmpty();
        bitmap.dirty((long) DirtyBitmap.CHUNK_WORDS * Long.SIZE * PAGE, 1);
        assertThat(merges).containsExactly("0+3", "6+1");
        bitmap.finish();
        assertThat(merges).containsExactly("0+3", "6+1", DirtyBitmap.CHUNK_WORDS + "+1");
    }

    @Test
    void shouldIgnoreWhatIsOutsideOrEmpty() {
        var bitmap = new DirtyBitmap(0x10000, 0x10000, PAGE, this::merge);
        bitmap.dirty(0xf000, PAGE);
        bitmap.dirty(0x20000, PAGE);
        bitmap.dirty(0x11000, 0);
        bitmap.finish();
        var nothing = new DirtyBitmap(0, 0, PAGE, this::merge);
        nothing.dirty(0, -1);
        nothing.finish();
        assertThat(merges).isEmpty();
    }

    @Test
    void shouldKeepAFailureForTheEnd() {
        var bitmap = new DirtyBitmap(0, 1L << 62, PAGE, (first, words, from, to) -> {
            merges.add("merge");
            throw new VfioException(Errno.EFAULT, "no memory");
        });
        bitmap.dirty(0, 1L << 62);
        bitmap.dirty(0, PAGE);
        assertThatExceptionOfType(VfioException.class).isThrownBy(bitmap::finish);
        assertThat(merges).hasSize(1);
    }
}
