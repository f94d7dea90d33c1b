// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class SegmentMemoryTest {
    @Test
    void shouldRefuseSegmentsDevicesCannotReach() {
        assertRefused(MemorySegment.ofArray(new byte[8]));
        assertRefused(MemorySegment.NULL);
        try (Arena confined = Arena.ofConfined()) {
            assertRefused(confined.allocate(8));
        }
    }

    private static void assertRefused(MemorySegment segment) {
        assertThatThrownBy(() -> new SegmentMemory(segment))
                .as("%s", segment)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void shouldMoveBytesUntilTheArenaIsClosed() {
        MemorySegment buffer = MemorySegment.ofArray(new byte[] {1, 2, 3, 4});
        SegmentMemory memory;
        try (Arena arena = Arena.ofShared()) {
            memory = new SegmentMemory(arena.allocate(8));
            assertThat(memory.size()).isEqualTo(8);
            assertThat(memory.alignmentAddress()).isEqualTo(memory.segment().address());
            assertThat(memory.write(4, buffer, 0, 4)).isTrue();
            assertThat(memory.read(6, buffer, 0, 2)).isTrue();
            assertThat(buffer.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)).containsExactly(3, 4, 3, 4);
            assertThat(memory.alive()).isTrue();
        }
        assertThat(memory.alive()).isFalse();
        assertThat(memory.write(0, buffer, 0, 4)).isFalse();
        assertThat(memory.read(0, buffer, 0, 4)).isFalse();
    }

    @Test
    void shouldNotWriteThroughReadOnlySegment() {
        var memory = new SegmentMemory(Arena.ofAuto().allocate(8).asReadOnly());
        assertThat(memory.writable()).isFalse();
        assertThat(memory.write(0, MemorySegment.ofArray(new byte[1]), 0, 1)).isFalse();
    }
}
