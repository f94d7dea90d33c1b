// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;

/**
 * Which pages of 64 GiB a device wrote, and forget it: the page tables' part of reading a dirty bitmap. All 16 777 216 pages of 4 KiB are
 * mapped, to the same 2 MiB of memory over and over, and 1 % of them are written through the port before each
 * reading. Target: 20 ms. A reading that reports another number of pages than were written is void.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class IommuDirtyBenchmark {
    private static final long PAGE = 4096;
    private static final long BLOCK = 2L << 20;
    private static final long TRACKED = 64L << 30;
    private static final long BASE = 1L << 36;
    private static final int PAGES = (int) (TRACKED / PAGE);

    /** How the written pages lie: each one anywhere, all in a row, or none written at all. */
    @Param({"random", "row", "none"})
    String written = "";

    private final FrameTable physical = new FrameTable();
    private final JvmAddressSpace user = new JvmAddressSpace(physical);
    private final Arena arena = Arena.ofShared();
    private final MemorySegment source = arena.allocate(8);
    private long[] iovas = {};
    private long phys;
    private long reported;
    private EmbeddedGroup group;
    private IommuDomain domain;
    private DmaPort port;

    /** Maps everything. */
    @Setup
    public void map() {
        var unit = new PagingUnit(
                "iommu0",
                physical,
                PagingConfig.defaults().withDirtyPageSizes(PAGE),
                new FaultLog(),
                Membarrier.ofProcess(),
                HugePages::prefer);
        var device = new SimulatedDevice("engine");
        group = unit.newGroup(0);
        group.join(device);
        port = group.port(device, () -> true);
        group.claimDmaOwner(this, false);
        domain = group.allocateDomain(true);
        group.attach(domain);
        MemorySegment memory = user.allocate(BLOCK);
        user.pin(memory.address(), BLOCK, true, (run, length) -> phys = run);
        for (long done = 0; done < TRACKED; done += BLOCK) {
            domain.map(BASE + done, phys, BLOCK, Protection.READ | Protection.WRITE);
        }
        domain.setDirtyTracking(true);
        var random = new SplittableRandom(1);
        int count = written.equals("none") ? 0 : PAGES / 100;
        int[] anywhere = written.equals("random") ? LiveMappings.shuffled(PAGES, random) : new int[0];
        iovas = new long[count];
        for (int i = 0; i < count; i++) {
            iovas[i] = BASE + PAGE * (anywhere.length == 0 ? i : anywhere[i]);
        }
    }

    /** Writes. */
    @Setup(Level.Invocation)
    public void write() {
        for (long iova : iovas) {
            if (!port.write(iova, source, 0, 8)) {
                throw new IllegalStateException("a write was refused");
            }
        }
    }

    /** Takes everything down. */
    @TearDown
    public void close() {
        group.detach();
        group.releaseDmaOwner(this);
        domain.free();
        physical.unpin(phys, BLOCK, true);
        user.close();
        arena.close();
    }

    /** Reads and clears. */
    @Benchmark
    public long readAndClear() {
        reported = 0;
        domain.readDirty(BASE, TRACKED, true, (iova, length) -> reported += length);
        if (reported != iovas.length * PAGE) {
            throw new IllegalStateException(reported / PAGE + " pages reported, " + iovas.length + " written");
        }
        return reported;
    }
}
