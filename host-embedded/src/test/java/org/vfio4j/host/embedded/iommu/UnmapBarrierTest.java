// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.model.DmaPort;

/**
 * A device reads or writes a page all the time while it is mapped and unmapped. The moment unmap has returned, the page's
 * last bytes are poisoned: no read may bring poison back, and no write may land on it.
 *
 * <p>An access that unmap has overlooked is one whose busy mark still waits in its processor's store buffer. Left alone that
 * takes a nanosecond; so the device first stores to memory no cache holds, and the mark has to wait behind those. The copy
 * must still run when the mark is out and unmap has returned: so a whole page is moved, and its last bytes are watched.
 * With a fence removed on either side, hundreds of rounds fail.
 */
class UnmapBarrierTest {
    private static final int ROUNDS = 30_000;
    private static final long IOVA = 3 * LARGE;
    private static final long LAST = PAGE - 8;
    private static final long GOOD = 1;
    private static final long WRITTEN = 2;
    private static final long POISON = 77;
    /** Numbers in 32 MiB. */
    private static final int COLD_MEMORY = 1 << 23;

    private static final int COLD_STORES = 4;
    /** Turns for which a write that was overlooked has time to show. */
    private static final int SETTLE = 40;

    @ParameterizedTest
    @CsvSource({
        "true, false, 2097152",
        "true, false, 4096",
        "true, true, 4096",
        "false, false, 4096",
        "false, true, 4096"
    })
    @Timeout(120)
    void shouldLeaveNoAccessBehind(boolean processBarrier, boolean write, long length) throws InterruptedException {
        ProcessBarrier barrier = processBarrier ? Membarrier.ofProcess() : ProcessBarrier.unavailable();
        assumeTrue(barrier.available() == processBarrier, "this system has no process-wide memory barrier");
        try (var setup = new PagingSetup(PagingConfig.defaults(), false, barrier)) {
            var memory = setup.memory(LARGE, LARGE);
            var device = new Device(setup.port, setup.buffer(PAGE), write);
            Thread thread = Thread.ofPlatform().start(device);
            long overwritten = 0;
            for (int round = 0; round < ROUNDS; round++) {
                memory.segment().set(ValueLayout.JAVA_LONG, LAST, GOOD);
                setup.domain.map(IOVA, memory.phys(), length, RW);
                // From no time at all to enough for some accesses.
                spin(round & 127);
                setup.domain.unmap(IOVA, length);
                memory.segment().set(ValueLayout.JAVA_LONG, LAST, POISON);
                spin(SETTLE);
                overwritten += memory.segment().get(ValueLayout.JAVA_LONG, LAST) == POISON ? 0 : 1;
            }
            device.stop.set(true);
            thread.join();
            assertThat(device.moved).as("accesses that found a mapping").isPositive();
            assertThat(device.poisoned)
                    .as("reads that still ran when unmap had returned")
                    .isZero();
            assertThat(overwritten)
                    .as("writes that still ran when unmap had returned")
                    .isZero();
            assertThat(setup.tables()).as("tables at the end").isEqualTo(1);
        }
    }

    private static void spin(int turns) {
        for (int left = turns; left > 0; left--) {
            Thread.onSpinWait();
        }
    }

    /** Moves the page until it is told to stop. */
    private static final class Device implements Runnable {
        private final DmaPort port;
        private final MemorySegment buffer;
        private final boolean write;
        private final AtomicBoolean stop = new AtomicBoolean();
        private final int[] cold = new int[COLD_MEMORY];
        private long moved;
        private long poisoned;

        Device(DmaPort port, MemorySegment buffer, boolean write) {
            this.port = port;
            this.buffer = buffer;
            this.write = write;
            buffer.set(ValueLayout.JAVA_LONG, LAST, WRITTEN);
        }

        @Override
        public void run() {
            var random = new SplittableRandom(1);
            while (!stop.get()) {
                for (int store = 0; store < COLD_STORES; store++) {
                    cold[random.nextInt(cold.length)] = store;
                }
                if (write ? port.write(IOVA, buffer, 0, PAGE) : port.read(IOVA, buffer, 0, PAGE)) {
                    moved++;
                    poisoned += buffer.get(ValueLayout.JAVA_LONG, LAST) == POISON ? 1 : 0;
                }
            }
        }
    }
}
