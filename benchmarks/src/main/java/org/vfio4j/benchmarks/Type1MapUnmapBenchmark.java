// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vfio4j.Device;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaMapping;
import org.vfio4j.DmaSpace;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/**
 * Map and unmap of one resident page of 4 KiB in a type1 container beside up to a million others, through the typed API, at
 * the next of the free pages between them in random order. The live mappings take every second page and all show the same
 * few pages: what is measured is what their number costs. {@code dma_entry_limit} is raised for it.
 *
 * <p>Target: at most 2 µs beside 65 000; beside 1 000 000 at most twice what it costs beside 1 000. The set-up prints the
 * bytes of heap that each live mapping takes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class Type1MapUnmapBenchmark {
    private static final int SHOWN_PAGES = 16;

    /** Mappings of one page that stay. */
    @Param({"1000", "65000", "1000000"})
    int live;

    private Vfio vfio;
    private Device device;
    private DmaSpace space;
    private DmaBuffer buffer;
    private long[] gaps;
    private int next;

    /** Opens the device and makes the mappings that stay, in random order. */
    @Setup
    public void open() {
        DmaPath path = DmaPath.of("type1v2");
        vfio = Vfio.open(VfioOptions.defaults().with("type1.dma_entry_limit", "1100000"));
        device = vfio.open(path.device, path.options);
        space = device.dma();
        buffer = vfio.allocate(SHOWN_PAGES * LiveMappings.PAGE);
        int[] order = LiveMappings.shuffled(live, new SplittableRandom(1));
        long before = usedHeap();
        for (int slot : order) {
            var _ = space.map(
                    path.base + 2L * slot * LiveMappings.PAGE,
                    buffer,
                    slot % SHOWN_PAGES * LiveMappings.PAGE,
                    LiveMappings.PAGE,
                    LiveMappings.ACCESS);
        }
        System.out.printf("# heap of a live mapping: %d bytes%n", (usedHeap() - before) / live);
        int[] visits = LiveMappings.shuffled(live, new SplittableRandom(2));
        gaps = new long[live];
        for (int i = 0; i < live; i++) {
            gaps[i] = path.base + (2L * visits[i] + 1) * LiveMappings.PAGE;
        }
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        device.close();
        buffer.close();
        vfio.close();
    }

    /** Maps at a chosen address and unmaps by address. */
    @Benchmark
    public DmaMapping mapUnmap() {
        int index = next;
        next = index + 1 == gaps.length ? 0 : index + 1;
        long iova = gaps[index];
        DmaMapping mapping = space.map(iova, buffer, 0, LiveMappings.PAGE, LiveMappings.ACCESS);
        space.unmap(iova, LiveMappings.PAGE);
        return mapping;
    }
}
