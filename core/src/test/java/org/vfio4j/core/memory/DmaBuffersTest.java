// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.DmaBuffer;

class DmaBuffersTest {
    private final FrameTable physical = new FrameTable();
    private final JvmAddressSpace space = new JvmAddressSpace(physical);
    private final DmaBuffers buffers = new DmaBuffers(space);

    @AfterEach
    void close() {
        space.close();
    }

    @Test
    void shouldBeMemoryOfTheAddressSpace() {
        try (DmaBuffer buffer = buffers.allocate(10_000)) {
            assertThat(buffer.size()).isEqualTo(10_000);
            assertThat(buffer.address()).isEqualTo(buffer.segment().address());
            space.write(buffer.address() + 9_999, MemorySegment.ofArray(new byte[] {3}), 0, 1);
            assertThat(buffer.segment().get(ValueLayout.JAVA_BYTE, 9_999)).isEqualTo((byte) 3);
        }
    }

    @Test
    void shouldBeUnusableAtOnceAndFreedWithTheLastPin() {
        DmaBuffer buffer = buffers.allocate(4096);
        MemorySegment segment = buffer.segment();
        List<Long> pinned = new ArrayList<>();
        space.pin(buffer.address(), 4096, true, (phys, length) -> pinned.add(phys));
        buffer.close();
        assertThatThrownBy(buffer::segment).isInstanceOf(IllegalStateException.class);
        assertThat(segment.scope().isAlive()).as("still pinned").isTrue();
        physical.unpin(pinned.getFirst(), 4096, true);
        assertThat(segment.scope().isAlive()).isFalse();
        buffer.close();
    }

    @Test
    void shouldCloseAfterItsAddressSpace() {
        DmaBuffer buffer = buffers.allocate(1);
        space.close();
        buffer.close();
        assertThat(physical.pinnedPages()).isZero();
    }
}
