// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;

/**
 * Groups behind one unit make, fill, empty and free domains, which hand each other their tables, while the devices of all of them
 * access memory all the time. Each group has memory of its own, every page of it marked with the group's number: an access that
 * walked a table after it had gone to another domain would show that one's number, or write over it.
 */
class TableRecyclingStressTest {
    private static final int GROUPS = 3;
    private static final int ROUNDS = 1_200;
    private static final int PAGES = 64;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Timeout(120)
    void shouldNeverLeadAnAccessThroughTablesOfAnotherDomain(boolean processBarrier) throws InterruptedException {
        ProcessBarrier barrier = processBarrier ? Membarrier.ofProcess() : ProcessBarrier.unavailable();
        try (var setup = new PagingSetup(PagingConfig.defaults(), false, barrier)) {
            var stop = new AtomicBoolean();
            List<Worker> workers = new ArrayList<>();
            List<Thread> devices = new ArrayList<>();
            for (int number = 1; number <= GROUPS; number++) {
                var worker = new Worker(setup, number);
                workers.add(worker);
                devices.add(Thread.ofPlatform().start(() -> worker.access(stop)));
            }
            List<Thread> owners = workers.stream()
                    .map(worker -> Thread.ofPlatform().start(worker::makeAndFreeDomains))
                    .toList();
            for (Thread owner : owners) {
                owner.join();
            }
            stop.set(true);
            for (Thread device : devices) {
                device.join();
            }
            long moved = 0;
            for (Worker worker : workers) {
                assertThat(worker.failure)
                        .as("failure of group %d", worker.number)
                        .isNull();
                assertThat(worker.foreign)
                        .as("reads of group %d that showed another's memory", worker.number)
                        .hasValue(0);
                assertThat(worker.overwritten())
                        .as("pages of group %d that hold what another's device wrote", worker.number)
                        .isZero();
                moved += worker.moved.get();
            }
            assertThat(moved).as("accesses that found a mapping").isPositive();
            TableMemory memory = setup.unit.tableMemory();
            assertThat(memory.lent()).as("chunks of the set-up's own domain").isEqualTo(1);
            assertThat(memory.kept()).as("chunks kept").isBetween(1, TableMemory.MOST_CHUNKS);
            TableRecyclingTest.assertKeptIsZero(memory);
        }
    }

    /** A group, its device and its memory. */
    private static final class Worker {
        private final int number;
        private final EmbeddedGroup group;
        private final DmaPort port;
        private final PagingSetup.Memory memory;
        private final MemorySegment buffer;
        private final AtomicLong foreign = new AtomicLong();
        private final AtomicLong moved = new AtomicLong();
        private Throwable failure;

        @SuppressWarnings("NullAway") // no failure yet
        Worker(PagingSetup setup, int number) {
            this.number = number;
            var device = new SimulatedDevice("0000:01:0" + number + ".0");
            group = setup.unit.newGroup(10 + number);
            group.join(device);
            port = group.port(device, () -> true);
            group.claimDmaOwner(this, false);
            memory = setup.memory(PAGES * PAGE, LARGE);
            buffer = setup.buffer(8);
            failure = null;
            for (int page = 0; page < PAGES; page++) {
                memory.segment().set(ValueLayout.JAVA_LONG, page * PAGE, number);
            }
        }

        long overwritten() {
            long wrong = 0;
            for (int page = 0; page < PAGES; page++) {
                wrong += memory.segment().get(ValueLayout.JAVA_LONG, page * PAGE) == number ? 0 : 1;
            }
            return wrong;
        }

        /** The device: what it reads, and what it writes, is its own number. */
        void access(AtomicBoolean stop) {
            var random = new SplittableRandom(number);
            while (!stop.get()) {
                long iova = iova(random.nextInt(PAGES));
                boolean write = random.nextInt(4) == 0;
                buffer.set(ValueLayout.JAVA_LONG, 0, number);
                if (write ? port.write(iova, buffer, 0, 8) : port.read(iova, buffer, 0, 8)) {
                    moved.incrementAndGet();
                    if (buffer.get(ValueLayout.JAVA_LONG, 0) != number) {
                        foreign.incrementAndGet();
                    }
                }
            }
        }

        /** The owner. */
        void makeAndFreeDomains() {
            var random = new SplittableRandom(100 + number);
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    IommuDomain domain = group.allocateDomain(false);
                    domain.forEachRun(0, Long.MAX_VALUE, (iova, phys, length) -> {
                        throw new AssertionError("a new domain maps 0x" + Long.toHexString(iova));
                    });
                    group.attach(domain);
                    for (int page = 0; page < PAGES; page++) {
                        domain.map(iova(page), memory.phys() + page * PAGE, PAGE, RW);
                    }
                    // Some tables become empty under the device and are used again; the rest go with the domain as they
                    // are.
                    for (int i = 0; i < PAGES; i++) {
                        int page = random.nextInt(PAGES);
                        if (domain.unmap(iova(page), PAGE) == 0 || random.nextBoolean()) {
                            domain.map(iova(page), memory.phys() + page * PAGE, PAGE, RW);
                        }
                    }
                    group.detach();
                    domain.free();
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                group.detach();
                group.releaseDmaOwner(this);
            }
        }

        /** Two pages to a table, so that tables come and go; the same addresses in all groups. */
        private static long iova(int page) {
            return (page / 2) * LARGE + (page & 1) * PAGE;
        }
    }
}
