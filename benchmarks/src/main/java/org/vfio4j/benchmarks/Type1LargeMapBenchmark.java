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
import org.vfio4j.spi.iommu.GroupKind;

/**
 * Map and unmap of large contiguous memory in a type1 container, without prefault and pin: the memory is simulated, so its
 * pin is one count. At offset 0 the IOMMU can use pages of 1 GiB, at an offset of 2 MiB pages of 2 MiB until the next whole
 * GiB, at an offset of 4 KiB against the memory none but 4 KiB. Target: 1 GiB in large pages within 1 ms, 16 GiB linear.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class Type1LargeMapBenchmark {
    private static final long GIB = 1L << 30;
    private static final long IOVA = 64 * GIB;

    /** GiB mapped. */
    @Param({"1", "16"})
    long gibibytes;

    /** Bytes by which the I/O address differs from the memory's alignment. */
    @Param({"0", "2097152", "4096"})
    long offset;

    private Type1Instance instance;

    /** Opens the container. */
    @Setup
    public void open() {
        instance = new Type1Instance(gibibytes * GIB, GroupKind.IOMMU);
    }

    /** Closes it. */
    @TearDown
    public void close() {
        instance.close();
    }

    /** Maps and unmaps. */
    @Benchmark
    public long mapUnmap() {
        long size = gibibytes * GIB;
        instance.container.mapDma(instance.user, LiveMappings.ACCESS, VastUser.MEMORY, IOVA + offset, size);
        return instance.container.unmapDma(instance.user, 0, IOVA + offset, size);
    }
}
