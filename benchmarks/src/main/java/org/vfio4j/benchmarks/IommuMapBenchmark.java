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
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.HugePages;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.fixture.SimulatedDevice;

/**
 * The page tables' part of mapping contiguous memory and taking it out again, with one idle device attached. There is no memory
 * behind the addresses: nothing is pinned, no byte is moved. Target: 1 GiB in large pages, mapped, 1 ms.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class IommuMapBenchmark {
    private static final long GIBIBYTE = 1L << 30;
    private static final long IOVA = 1L << 38;
    private static final long PHYS = 1L << 40;

    /** The largest page the IOMMU has; smaller ones are there too. */
    @Param({"4K", "2M", "1G"})
    String largest = "";

    /** Bytes mapped at once, in GiB. */
    @Param({"1", "16"})
    int gibibytes;

    private EmbeddedGroup group;
    private IommuDomain domain;

    /** Attaches. */
    @Setup
    public void attach() {
        long sizes = PagingConfig.defaults().pageSizes() & ((2L << shift()) - 1);
        var unit = new PagingUnit(
                "iommu0",
                new FrameTable(),
                PagingConfig.defaults().withPageSizes(sizes),
                new FaultLog(),
                Membarrier.ofProcess(),
                HugePages::prefer);
        var device = new SimulatedDevice("engine");
        group = unit.newGroup(0);
        group.join(device);
        var _ = group.port(device, () -> true);
        group.claimDmaOwner(this, false);
        domain = group.allocateDomain(false);
        group.attach(domain);
    }

    /** Detaches. */
    @TearDown
    public void close() {
        group.detach();
        group.releaseDmaOwner(this);
        domain.free();
    }

    /** Maps and unmaps. */
    @Benchmark
    public long mapUnmap() {
        domain.map(IOVA, PHYS, gibibytes * GIBIBYTE, Protection.READ | Protection.WRITE);
        return domain.unmap(IOVA, gibibytes * GIBIBYTE);
    }

    private int shift() {
        return switch (largest) {
            case "4K" -> 12;
            case "2M" -> 21;
            case "1G" -> 30;
            default -> throw new IllegalArgumentException("no page of " + largest);
        };
    }
}
