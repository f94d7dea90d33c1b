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
 * Map and unmap of 1 GiB of resident memory through the typed API. The memory is one block of this JVM, aligned to 2 MiB and
 * mapped at a multiple of 1 GiB: page-table backends use 512 entries of 2 MiB, a TCE window of 4 KiB pages 262 144 entries.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class MapUnmapGibibyteBenchmark {
    private static final long GIBIBYTE = 1L << 30;

    /** Who maps. */
    @Param({"type1v2", "iommufd", "spapr-v2"})
    String backend = "";

    /** Mappings of one page that stay. */
    @Param({"1", "1000", "65000"})
    int live;

    private LiveMappings mappings;
    private DmaSpace space;
    private DmaBuffer buffer;
    private long iova;

    /** Opens the device, makes the memory resident and the mappings that stay. */
    @Setup
    public void open() {
        mappings = new LiveMappings(DmaPath.of(backend), live, GIBIBYTE);
        space = mappings.space();
        buffer = mappings.buffer();
        buffer.segment().fill((byte) 1);
        iova = mappings.freeGibibyte();
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        mappings.close();
    }

    /** Maps at a chosen address and unmaps by address. */
    @Benchmark
    public DmaMapping mapUnmap() {
        DmaMapping mapping = space.map(iova, buffer, 0, GIBIBYTE, LiveMappings.ACCESS);
        space.unmap(iova, GIBIBYTE);
        return mapping;
    }
}
