// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class MappedMemoryTest {
    private static final int PAGE = 4096;
    private static final long SIZE = 2 * PAGE;
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;

    private final FrameTable physical = new FrameTable();
    private final JvmAddressSpace space = new JvmAddressSpace(physical);
    private final Registers registers = new Registers();

    private record Run(long phys, long length) {}

    /** Registers that are revoked and shown again, at another address each time. */
    private static final class Registers implements UapiMapping {
        final AtomicInteger closes = new AtomicInteger();
        private final List<Arena> arenas = new ArrayList<>();
        private final byte[] content = new byte[(int) SIZE];
        private boolean off;
        private @Nullable MemorySegment view;

        @Override
        public synchronized MemorySegment segment() {
            if (off) {
                throw new IllegalStateException("switched off");
            }
            MemorySegment now = view;
            if (now == null) {
                var arena = Arena.ofShared();
                arenas.add(arena);
                now = arena.allocate(SIZE, PAGE);
                MemorySegment.copy(content, 0, now, ValueLayout.JAVA_BYTE, 0, content.length);
                view = now;
            }
            return now;
        }

        synchronized void revoke() {
            off = true;
            MemorySegment now = view;
            if (now != null) {
                MemorySegment.copy(now, ValueLayout.JAVA_BYTE, 0, content, 0, content.length);
                view = null;
                arenas.getLast().close();
            }
        }

        synchronized void restore() {
            off = false;
        }

        @Override
        public void close() {
            closes.incrementAndGet();
        }
    }

    private MappedMemory mapped(int protection) {
        var memory = new MappedMemory(registers, SIZE, protection, closed -> {});
        space.show(memory, registers.segment());
        return memory;
    }

    private List<Run> pin(long vaddr, long length, boolean write) {
        List<Run> runs = new ArrayList<>();
        space.pin(vaddr, length, write, (phys, bytes) -> runs.add(new Run(phys, bytes)));
        return runs;
    }

    private void unpin(List<Run> runs) {
        runs.forEach(run -> physical.unpin(run.phys, run.length, true));
    }

    private int user(long vaddr) {
        try (var arena = Arena.ofConfined()) {
            var target = arena.allocate(4);
            space.read(vaddr, target, 0, 4);
            return target.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private boolean deviceWrites(long phys, int value) {
        try (var arena = Arena.ofConfined()) {
            var source = arena.allocate(4);
            source.set(ValueLayout.JAVA_INT, 0, value);
            return physical.write(phys, source, 0, 4);
        }
    }

    private static void assertFaults(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT));
    }

    @AfterEach
    void close() {
        space.close();
        registers.revoke();
        assertThat(physical.pinnedPages()).as("pages left pinned").isZero();
    }

    @Test
    void shouldBeDeviceMemoryAlignedAsTheUserSeesIt() {
        mapped(READ_WRITE);
        long vaddr = registers.segment().address();
        var runs = pin(vaddr, SIZE, true);
        assertThat(runs).as("one run").hasSize(1);
        long phys = runs.getFirst().phys;
        assertThat(phys & ((1 << 30) - 1)).isEqualTo(vaddr & ((1 << 30) - 1));
        assertThat(physical.backing(phys)).isNotNull().matches(BackingMemory::deviceMemory, "device memory");
        assertThat(deviceWrites(phys + PAGE, 7)).isTrue();
        assertThat(user(vaddr + PAGE)).as("what the user reads").isEqualTo(7);
        unpin(runs);
    }

    @Test
    void shouldAllowWhatItIsMappedFor() {
        mapped(Protection.READ);
        long vaddr = registers.segment().address();
        assertFaults(() -> pin(vaddr, SIZE, true));
        var runs = pin(vaddr, SIZE, false);
        assertThat(deviceWrites(runs.getFirst().phys, 7))
                .as("write of a device")
                .isFalse();
        unpin(runs);
        space.protect(registers.segment().asSlice(PAGE), 0);
        assertFaults(() -> pin(vaddr, SIZE, false));
        assertFaults(() -> user(vaddr + PAGE));
        assertThat(user(vaddr)).isZero();
    }

    @Test
    void shouldFaultWhileRevokedAndBeBackAtTheSameAddress() {
        mapped(READ_WRITE);
        long vaddr = registers.segment().address();
        var runs = pin(vaddr, SIZE, true);
        long phys = runs.getFirst().phys;
        registers.revoke();
        assertThat(deviceWrites(phys, 7)).as("write of a device").isFalse();
        assertFaults(() -> user(vaddr));
        assertFaults(() -> pin(vaddr, SIZE, true));
        registers.restore();
        assertThat(deviceWrites(phys, 8)).isTrue();
        assertThat(user(vaddr)).as("at the old address").isEqualTo(8);
        unpin(runs);
    }

    @Test
    void shouldBeKnownWhereItIsShownNow() {
        var memory = mapped(READ_WRITE);
        long first = registers.segment().address();
        for (int turn = 1; turn < 4; turn++) {
            registers.revoke();
            registers.restore();
            var view = registers.segment();
            space.show(memory, view);
            view.set(ValueLayout.JAVA_INT, 0, turn);
            assertThat(user(view.address())).as("at the new address").isEqualTo(turn);
            assertThat(user(first)).as("at the first address").isEqualTo(turn);
            unpin(pin(view.address(), SIZE, true));
        }
        space.unmap(memory);
        assertFaults(() -> user(first));
        assertFaults(() -> user(registers.segment().address()));
        assertThat(registers.closes).hasValue(1);
    }

    @Test
    void shouldEndWithTheLastPin() {
        var memory = mapped(READ_WRITE);
        long vaddr = registers.segment().address();
        var runs = pin(vaddr, SIZE, true);
        space.unmap(memory);
        space.unmap(memory);
        assertFaults(() -> pin(vaddr, SIZE, true));
        assertThat(registers.closes).as("ended while pinned").hasValue(0);
        assertThat(deviceWrites(runs.getFirst().phys, 7)).isTrue();
        unpin(runs);
        assertThat(registers.closes).as("ended").hasValue(1);
    }

    @Test
    void shouldCutDevicesOffWhenTheFileEnds() {
        var memory = mapped(READ_WRITE);
        var runs = pin(registers.segment().address(), SIZE, true);
        space.unmap(memory);
        memory.close();
        assertThat(registers.closes).hasValue(1);
        assertThat(deviceWrites(runs.getFirst().phys, 7)).isFalse();
        unpin(runs);
        assertThat(registers.closes).as("ended once").hasValue(1);
    }

    @Test
    void shouldGoNoOtherWay() {
        var memory = mapped(READ_WRITE);
        var view = registers.segment();
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> space.free(view), () -> space.unregister(view), () -> space.protect(view, 8))) {
            assertThatThrownBy(call)
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
        assertThat(user(view.address())).isZero();
        space.unmap(memory);
    }

    @Test
    void shouldStayUnknownOnceUnmapped() {
        var memory = new MappedMemory(registers, SIZE, READ_WRITE, closed -> {});
        var view = registers.segment();
        space.unmap(memory);
        space.show(memory, view);
        assertFaults(() -> user(view.address()));
        assertThat(registers.closes).hasValue(1);
    }
}
