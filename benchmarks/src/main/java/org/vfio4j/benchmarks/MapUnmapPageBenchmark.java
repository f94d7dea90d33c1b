// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

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
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaMapping;
import org.vfio4j.DmaSpace;

/**
 * Map and unmap of one resident page of 4 KiB through the typed API, beside live mappings, with an idle device attached.
 * Target: at the fixed place, 65 000 live mappings cost at most 1.5 times what one costs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class MapUnmapPageBenchmark {
    /** Who maps. */
    @Param({"type1v2", "iommufd", "spapr-v2"})
    String backend = "";

    /** Mappings of one page that stay. */
    @Param({"1", "1000", "65000"})
    int live;

    /** Where: one address behind all live mappings, or the next of the free pages between them, in random order. */
    @Param({"fixed", "random"})
    String place = "";

    private LiveMappings mappings;
    private DmaSpace space;
    private DmaBuffer buffer;
    private long[] addresses;
    private int next;

    /** Opens the device and makes the mappings that stay. */
    @Setup
    public void open() {
        mappings = new LiveMappings(DmaPath.of(backend), live, LiveMappings.PAGE);
        space = mappings.space();
        buffer = mappings.buffer();
        addresses = place.equals("random") ? mappings.gaps() : new long[] {mappings.behind()};
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        mappings.close();
    }

    /** Maps at a chosen address and unmaps by address. */
    @Benchmark
    public DmaMapping mapUnmap() {
        int index = next;
        next = index + 1 == addresses.length ? 0 : index + 1;
        long iova = addresses[index];
        DmaMapping mapping = space.map(iova, buffer, 0, LiveMappings.PAGE, LiveMappings.ACCESS);
        space.unmap(iova, LiveMappings.PAGE);
        return mapping;
    }
}
