// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.SplittableRandom;
import org.vfio4j.Device;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaSpace;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.spi.memory.Protection;

/**
 * A device opened on the embedded machine with a number of one-page mappings that stay. They take every second page of the
 * address space and each a page of its own of one buffer, in random order, so no two of them are neighbours in both.
 */
final class LiveMappings implements AutoCloseable {
    static final long PAGE = 4096;
    static final int ACCESS = Protection.READ | Protection.WRITE;
    private static final long SEED = 20_240_229;

    /** Room for every number of live mappings measured. */
    private static final String ENTRY_LIMIT = "70000";

    private final Vfio vfio;
    private final Device device;
    private final DmaPath path;
    private final DmaSpace space;
    private final DmaBuffer buffer;
    private final int live;

    /**
     * Opens and maps.
     *
     * @param live how many mappings stay
     * @param extra bytes the buffer has beyond those mapped to stay
     */
    LiveMappings(DmaPath path, int live, long extra) {
        this.path = path;
        this.live = live;
        vfio = Vfio.open(VfioOptions.defaults().with("type1.dma_entry_limit", ENTRY_LIMIT));
        device = vfio.open(path.device, path.options);
        space = device.dma();
        buffer = vfio.allocate(extra + live * PAGE);
        int[] pages = shuffled(live, new SplittableRandom(SEED));
        for (int i = 0; i < live; i++) {
            var _ = space.map(path.base + 2L * i * PAGE, buffer, extra + pages[i] * PAGE, PAGE, ACCESS);
        }
    }

    DmaSpace space() {
        return space;
    }

    /** The buffer; its first bytes, as many as were asked for, are mapped nowhere. */
    DmaBuffer buffer() {
        return buffer;
    }

    /** The free address behind all live mappings. */
    long behind() {
        return path.base + 2L * live * PAGE + PAGE;
    }

    /** The free 1 GiB beside all live mappings. */
    long freeGibibyte() {
        return path.base + (1L << 30);
    }

    /** The free pages between live mappings, in random order; as many as there are live mappings. */
    long[] gaps() {
        int[] order = shuffled(live, new SplittableRandom(SEED + 1));
        long[] gaps = new long[live];
        for (int i = 0; i < live; i++) {
            gaps[i] = path.base + (2L * order[i] + 1L) * PAGE;
        }
        return gaps;
    }

    /** The numbers below a count, in an order that is random but the same each time. */
    static int[] shuffled(int count, SplittableRandom random) {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            int from = random.nextInt(i + 1);
            numbers[i] = numbers[from];
            numbers[from] = i;
        }
        return numbers;
    }

    @Override
    public void close() {
        device.close();
        buffer.close();
        vfio.close();
    }
}
