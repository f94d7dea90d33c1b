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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.model.DmaPort;

/**
 * Devices read and write a range all the time while it is mapped and unmapped. The moment unmap has returned the memory is
 * poisoned: no access may bring poison back, and no write may land on it.
 */
class UnmapBarrierTest {
    private static final int ROUNDS = 20_000;
    private static final long IOVA = 3 * LARGE;
    private static final byte GOOD = 1;
    private static final byte WRITTEN = 2;
    private static final byte POISON = 77;
    private static final int BYTES = 64;

    @ParameterizedTest
    @ValueSource(longs = {PAGE, LARGE})
    @Timeout(120)
    void shouldLeaveNoAccessBehind(long length) throws InterruptedException {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(LARGE, LARGE);
            var stop = new AtomicBoolean();
            var moved = new AtomicLong();
            var poisoned = new AtomicLong();
            List<Thread> devices = new ArrayList<>();
            for (boolean write : new boolean[] {false, true}) {
                var device = new TestDevice("0000:00:07." + (write ? 1 : 0));
                setup.group.join(device);
                DmaPort port = setup.group.port(device, () -> true);
                MemorySegment buffer = setup.buffer(BYTES).fill(WRITTEN);
                devices.add(Thread.ofPlatform().start(() -> {
                    while (!stop.get()) {
                        if (write ? port.write(IOVA, buffer, 0, BYTES) : port.read(IOVA, buffer, 0, BYTES)) {
                            moved.incrementAndGet();
                            poisoned.addAndGet(count(buffer, POISON));
                        }
                    }
                }));
            }
            MemorySegment page = memory.segment().asSlice(0, BYTES);
            long hit = 0;
            for (int round = 0; round < ROUNDS; round++) {
                page.fill(GOOD);
                setup.domain.map(IOVA, memory.phys(), length, RW);
                // From no time at all to enough for some accesses.
                for (int spin = round & 63; spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                setup.domain.unmap(IOVA, length);
                page.fill(POISON);
                for (int spin = 0; spin < 20; spin++) {
                    Thread.onSpinWait();
                }
                hit += BYTES - count(page, POISON);
            }
            stop.set(true);
            for (Thread device : devices) {
                device.join();
            }
            assertThat(moved.get()).as("accesses that found a mapping").isPositive();
            assertThat(poisoned).as("bytes read after unmap had returned").hasValue(0);
            assertThat(hit).as("bytes written after unmap had returned").isZero();
            assertThat(setup.tables()).as("tables at the end").isEqualTo(1);
        }
    }

    private static int count(MemorySegment bytes, byte value) {
        int found = 0;
        for (int i = 0; i < BYTES; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) == value) {
                found++;
            }
        }
        return found;
    }
}
