// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Users allocate and free while devices pin, read and unpin the same addresses. A fixed number of steps each; the
 * interleaving is left to the machine, what must hold in all of them is checked.
 */
class MemoryStressTest {
    private static final int PAGE = 4096;
    private static final int SLOTS = 16;
    private static final int USER_STEPS = 1_500;
    private static final int DEVICE_STEPS = 20_000;
    private static final long SEED = 4711;

    private final FrameTable physical = new FrameTable();
    private final JvmAddressSpace space = new JvmAddressSpace(physical);

    /** Memory of every slot starts with its own address, so that whoever reads it sees whether it is the right memory. */
    private final AtomicReferenceArray<MemorySegment> slots = new AtomicReferenceArray<>(SLOTS);

    @Test
    void shouldGiveEveryPinItsOwnMemoryAndLoseNone() throws Exception {
        for (int slot = 0; slot < SLOTS; slot++) {
            slots.set(slot, newMemory(1));
        }
        var start = new CyclicBarrier(4);
        List<Callable<Long>> actors = List.of(
                () -> use(start, new SplittableRandom(SEED)),
                () -> use(start, new SplittableRandom(SEED + 1)),
                () -> pinAndRead(start, new SplittableRandom(SEED + 2)),
                () -> pinAndRead(start, new SplittableRandom(SEED + 3)));
        long pins = 0;
        try (var executor = Executors.newFixedThreadPool(actors.size())) {
            List<Future<Long>> results = new ArrayList<>();
            for (Callable<Long> actor : actors) {
                results.add(executor.submit(actor));
            }
            for (Future<Long> result : results) {
                pins += result.get();
            }
        }
        assertThat(pins)
                .as("successful pins: none means that nothing was tested")
                .isPositive();
        assertThat(physical.pinnedPages()).isZero();
        List<MemorySegment> left = new ArrayList<>();
        for (int slot = 0; slot < SLOTS; slot++) {
            MemorySegment memory = slots.get(slot);
            if (memory != null) {
                left.add(memory);
            }
        }
        space.close();
        assertThat(left).allMatch(memory -> !memory.scope().isAlive(), "is freed with the address space");
    }

    private MemorySegment newMemory(int pages) {
        MemorySegment memory = space.allocate((long) PAGE * pages);
        memory.set(ValueLayout.JAVA_LONG, 0, memory.address());
        return memory;
    }

    private long use(CyclicBarrier start, SplittableRandom random) throws Exception {
        start.await();
        for (int step = 0; step < USER_STEPS; step++) {
            MemorySegment memory = newMemory(1 + random.nextInt(3));
            MemorySegment old = slots.getAndSet(random.nextInt(SLOTS), memory);
            if (old != null) {
                space.free(old);
            }
        }
        return 0;
    }

    private long pinAndRead(CyclicBarrier start, SplittableRandom random) throws Exception {
        start.await();
        long pins = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment seen = arena.allocate(ValueLayout.JAVA_LONG);
            long[] run = new long[2];
            for (int step = 0; step < DEVICE_STEPS; step++) {
                MemorySegment memory = slots.get(random.nextInt(SLOTS));
                if (memory == null) {
                    continue;
                }
                try {
                    space.pin(memory.address(), PAGE, true, (phys, length) -> {
                        run[0] = phys;
                        run[1] = length;
                    });
                } catch (VfioException freed) {
                    assertThat(freed.errno()).isEqualTo(Errno.EFAULT);
                    continue;
                }
                pins++;
                assertThat(run[1]).isEqualTo(PAGE);
                assertThat(physical.read(run[0], seen, 0, Long.BYTES))
                        .as("read of pinned memory")
                        .isTrue();
                // Between allocation and the first store the memory is zero; other memory would show another address.
                assertThat(seen.get(ValueLayout.JAVA_LONG, 0))
                        .as("what is pinned at 0x%x", memory.address())
                        .isIn(0L, memory.address());
                physical.unpin(run[0], run[1], true);
            }
        }
        return pins;
    }
}
