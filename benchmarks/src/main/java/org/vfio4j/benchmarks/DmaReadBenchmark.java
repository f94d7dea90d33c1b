// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
 * A device reads memory through the page-table IOMMU: 60 000 mappings of one 4 KiB page each, to pages of one memory in
 * random order. {@code hot} reads the same page again and again, {@code random} pages at random, which no IOTLB holds.
 * {@code copy*} is the floor: the same bytes from the same places by address, without any IOMMU. With {@code -t 2} each
 * thread is a device of its own in a domain of its own. Targets for 64 bytes: hot 12 ns, random 160 ns; for 4 KiB: hot 45 ns; two devices 1.8 times one; nothing allocated.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DmaReadBenchmark {
    private static final long PAGE = 4096;
    private static final int MAPPINGS = 60_000;
    /** Random places to read from, a power of two; about as many as mappings, so that few lie in a cache. */
    private static final int PLACES = 1 << 17;

    private static final long FIRST_IOVA = 1L << 32;
    /** As many mappings again, all of them to one page. */
    private static final long ONE_PAGE_IOVA = 1L << 33;

    /** The unit that all devices are behind. */
    @State(Scope.Benchmark)
    public static class Machine {
        private final FrameTable physical = new FrameTable();
        private final FaultLog faults = new FaultLog();
        private final PagingUnit unit = new PagingUnit(
                "iommu0", physical, PagingConfig.defaults(), faults, Membarrier.ofProcess(), HugePages::prefer);
        private final AtomicInteger groups = new AtomicInteger();
    }

    /** One device with a group, a domain and memory of its own. */
    @State(Scope.Thread)
    public static class Engine {
        /** Bytes read at once. */
        @Param({"64", "4096"})
        int size;

        private final Arena arena = Arena.ofShared();
        private final MemorySegment target = arena.allocate(PAGE, PAGE);
        private final long[] iovas = new long[PLACES];
        private final long[] offsets = new long[PLACES];
        private long phys;
        private int next;
        private Machine machine;
        private JvmAddressSpace user;
        private MemorySegment memory;
        private EmbeddedGroup group;
        private IommuDomain domain;
        private DmaPort port;

        /** Maps all pages. */
        @Setup
        public void map(Machine shared) {
            machine = shared;
            int id = shared.groups.getAndIncrement();
            var device = new SimulatedDevice("engine" + id);
            group = shared.unit.newGroup(id);
            group.join(device);
            port = group.port(device, () -> true);
            group.claimDmaOwner(this, false);
            domain = group.allocateDomain(false);
            group.attach(domain);
            user = new JvmAddressSpace(shared.physical);
            memory = user.allocate(MAPPINGS * PAGE); // what Vfio.allocate gives a program
            memory.fill((byte) 1);
            target.fill((byte) 1);
            user.pin(memory.address(), MAPPINGS * PAGE, true, (run, length) -> phys = run);
            var random = new SplittableRandom(id);
            int[] pages = LiveMappings.shuffled(MAPPINGS, random);
            for (int i = 0; i < MAPPINGS; i++) {
                domain.map(FIRST_IOVA + i * PAGE, phys + pages[i] * PAGE, PAGE, Protection.READ | Protection.WRITE);
                domain.map(ONE_PAGE_IOVA + i * PAGE, phys, PAGE, Protection.READ | Protection.WRITE);
            }
            for (int i = 0; i < PLACES; i++) {
                int page = random.nextInt(MAPPINGS);
                long inPage = random.nextLong((PAGE - size) / 64 + 1) * 64;
                iovas[i] = FIRST_IOVA + page * PAGE + inPage;
                offsets[i] = pages[page] * PAGE + inPage;
            }
        }

        /** Takes everything down; a run in which the IOMMU refused an access is void. */
        @TearDown
        public void close() {
            int faults = machine.faults.faults().size();
            group.detach();
            group.releaseDmaOwner(this);
            domain.free();
            machine.physical.unpin(phys, MAPPINGS * PAGE, true);
            user.close();
            arena.close();
            if (faults != 0) {
                throw new IllegalStateException(faults + " accesses were refused");
            }
        }

        private int nextPlace() {
            next = (next + 1) & (PLACES - 1);
            return next;
        }
    }

    /** The same page each time. */
    @Benchmark
    public boolean hot(Engine engine) {
        return engine.port.read(engine.iovas[0], engine.target, 0, engine.size);
    }

    /** A page at random. */
    @Benchmark
    public boolean random(Engine engine) {
        return engine.port.read(engine.iovas[engine.nextPlace()], engine.target, 0, engine.size);
    }

    /** A mapping at random, but all lead to one page: what is left when the memory itself is in the cache. */
    @Benchmark
    public boolean randomToOnePage(Engine engine) {
        long iova = engine.iovas[engine.nextPlace()] - FIRST_IOVA + ONE_PAGE_IOVA;
        return engine.port.read(iova, engine.target, 0, engine.size);
    }

    /** What the copy alone costs, from one page. */
    @Benchmark
    public MemorySegment copyHot(Engine engine) {
        MemorySegment.copy(engine.memory, engine.offsets[0], engine.target, 0, engine.size);
        return engine.target;
    }

    /** What the copy alone costs, from pages at random. */
    @Benchmark
    public MemorySegment copyRandom(Engine engine) {
        MemorySegment.copy(engine.memory, engine.offsets[engine.nextPlace()], engine.target, 0, engine.size);
        return engine.target;
    }

    /** The same, each place known only when the copy before it has arrived: nothing overlaps. */
    @Benchmark
    public MemorySegment copyRandomInTurn(Engine engine) {
        engine.next += engine.target.get(ValueLayout.JAVA_BYTE, 0) - 1;
        MemorySegment.copy(engine.memory, engine.offsets[engine.nextPlace()], engine.target, 0, engine.size);
        return engine.target;
    }
}
