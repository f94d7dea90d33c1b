// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class FrameTableTest {
    private static final int PAGE = 4096;

    private final FrameTable table = new FrameTable();

    /** Bytes nobody can see directly, at an address of the test's choice. */
    private static final class Recorded implements BackingMemory {
        final long size;
        final long address;
        final MemorySegment bytes;
        boolean present = true;
        boolean writable = true;
        int released;
        int unpinned;

        Recorded(long size, long address) {
            this.size = size;
            this.address = address;
            this.bytes = Arena.ofAuto().allocate(Math.clamp(size, 1, 16 * PAGE));
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public long alignmentAddress() {
            return address;
        }

        @Override
        public boolean writable() {
            return writable;
        }

        @Override
        public @Nullable MemorySegment segment() {
            return null;
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            MemorySegment.copy(bytes, offset, target, targetOffset, length);
            return present;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            MemorySegment.copy(source, sourceOffset, bytes, offset, length);
            return present;
        }

        @Override
        public void unpinned() {
            unpinned++;
        }

        @Override
        public void release() {
            released++;
        }
    }

    private static Recorded memory(int pages) {
        return new Recorded((long) pages * PAGE, 0x7f00_0000_0000L);
    }

    @Test
    void shouldShareTheLow30BitsWithTheAlignmentAddress() {
        var memory = new Recorded(PAGE, 0x7f12_3456_7000L);
        long phys = table.insert(memory);
        assertThat(phys & ((1L << 30) - 1)).isEqualTo(0x7f12_3456_7000L & ((1L << 30) - 1));
        assertThat(phys).isNotZero();
    }

    @Test
    void shouldNeverHandOutAddressZero() {
        assertThat(table.insert(new Recorded(PAGE, 0))).isNotZero();
    }

    @Test
    void shouldResolveEveryByteOfTheLargestObject() {
        long size = 1L << 39;
        var memory = new Recorded(size, (1L << 30) - 1);
        long phys = table.insert(memory);
        long other = table.insert(memory(1));
        assertThat(table.backing(phys)).isSameAs(memory);
        assertThat(table.offset(phys)).isZero();
        assertThat(table.backing(phys + size - 1)).as("last byte").isSameAs(memory);
        assertThat(table.offset(phys + size - 1)).isEqualTo(size - 1);
        assertThat(table.backing(phys + size)).as("byte after the last").isNull();
        assertThat(table.backing(phys - 1)).as("byte before the first").isNull();
        assertThat(other >>> PhysicalMemory.BACKING_SHIFT)
                .as("number of the next object")
                .isNotEqualTo(phys >>> PhysicalMemory.BACKING_SHIFT);
    }

    @Test
    void shouldRefuseSizesThatDoNotFit() {
        for (long size : new long[] {0, -1, (1L << 39) + 1}) {
            assertThatThrownBy(() -> table.insert(new Recorded(size, 0)))
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
    }

    @Test
    void shouldResolveNothingForUnknownAddresses() {
        for (long phys : new long[] {0, 1, 1L << 40, -1, Long.MIN_VALUE, 63L << 40, 64L << 40}) {
            assertThat(table.backing(phys)).as("0x%x", phys).isNull();
            assertThat(table.pin(phys, 1)).as("pin of 0x%x", phys).isFalse();
            assertThat(table.read(phys, MemorySegment.ofArray(new byte[1]), 0, 1))
                    .isFalse();
            assertThat(table.write(phys, MemorySegment.ofArray(new byte[1]), 0, 1))
                    .isFalse();
        }
    }

    @Test
    void shouldReleaseAtOnceWithoutPins() {
        var memory = memory(1);
        long phys = table.insert(memory);
        table.remove(phys);
        assertThat(memory.released).isEqualTo(1);
        assertThat(table.backing(phys)).isNull();
        table.remove(phys);
        assertThat(memory.released)
                .as("released once, however often it is removed")
                .isEqualTo(1);
    }

    @Test
    void shouldKeepRemovedMemoryUntilItsLastPinIsGone() {
        var memory = memory(4);
        long phys = table.insert(memory);
        assertThat(table.pin(phys, 4L * PAGE)).isTrue();
        assertThat(table.pin(phys + PAGE, PAGE)).isTrue();
        table.remove(phys);
        assertThat(table.backing(phys)).as("pinned memory stays").isSameAs(memory);
        assertThat(table.pin(phys, PAGE)).as("a new pin of removed memory").isFalse();
        assertThat(table.pinnedPages()).isEqualTo(5);
        table.unpin(phys, 4L * PAGE, true);
        assertThat(memory.released).isZero();
        table.unpin(phys + PAGE, PAGE, false);
        assertThat(memory.released).isEqualTo(1);
        assertThat(table.backing(phys)).isNull();
        assertThat(table.pinnedPages()).isZero();
    }

    @Test
    void shouldNotReuseTheNumberOfPinnedMemory() {
        long phys = table.insert(memory(1));
        table.pin(phys, PAGE);
        table.remove(phys);
        Set<Long> numbers = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            numbers.add(table.insert(memory(1)) >>> PhysicalMemory.BACKING_SHIFT);
        }
        assertThat(numbers).hasSize(200).doesNotContain(phys >>> PhysicalMemory.BACKING_SHIFT);
        table.unpin(phys, PAGE, false);
        long next = table.insert(memory(1));
        assertThat(next).as("the number is free after the release").isEqualTo(phys);
    }

    @Test
    void shouldCountEveryPageTouched() {
        long phys = table.insert(memory(4));
        table.pin(phys + PAGE - 1, 2);
        assertThat(table.pinnedPages()).as("two bytes across a page boundary").isEqualTo(2);
        table.pin(phys, 1);
        assertThat(table.pinnedPages()).isEqualTo(3);
        table.unpin(phys + PAGE - 1, 2, false);
        table.unpin(phys, 1, false);
        assertThat(table.pinnedPages()).isZero();
    }

    @Test
    void shouldCountInItsOwnPageSize() {
        var table64k = new FrameTable(64 << 10);
        long phys = table64k.insert(memory(32));
        table64k.pin(phys, 32L * PAGE);
        assertThat(table64k.pageSize()).isEqualTo(64 << 10);
        assertThat(table64k.pinnedPages()).isEqualTo(2);
        assertThatThrownBy(() -> new FrameTable(4095)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseToPinBeyondTheEnd() {
        long phys = table.insert(memory(2));
        assertThat(table.pin(phys + PAGE, PAGE + 1)).isFalse();
        assertThat(table.pin(phys, Long.MAX_VALUE)).isFalse();
        assertThat(table.pinnedPages()).isZero();
    }

    @Test
    void shouldRefuseToUnpinMoreThanPinned() {
        long phys = table.insert(memory(2));
        table.pin(phys, PAGE);
        assertThatThrownBy(() -> table.unpin(phys, 2 * PAGE, false)).isInstanceOf(IllegalStateException.class);
        assertThat(table.pinnedPages()).isEqualTo(1);
    }

    @Test
    void shouldAnswerEnomemWhenAllNumbersAreInUse() {
        var small = new FrameTable(PAGE, 70);
        long last = 0;
        for (int i = 0; i < 70; i++) {
            last = small.insert(memory(1));
        }
        assertThatThrownBy(() -> small.insert(memory(1)))
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
        small.remove(last);
        assertThat(small.insert(memory(1))).isEqualTo(last);
    }

    @Test
    void shouldCopyThroughMemoryWithoutDirectView() {
        var memory = memory(2);
        long phys = table.insert(memory);
        MemorySegment source = MemorySegment.ofArray(new byte[] {0, 1, 2, 3});
        MemorySegment target = MemorySegment.ofArray(new byte[4]);
        assertThat(table.write(phys + PAGE, source, 1, 3)).isTrue();
        assertThat(memory.bytes.get(ValueLayout.JAVA_BYTE, PAGE + 2)).isEqualTo((byte) 3);
        assertThat(table.read(phys + PAGE, target, 1, 3)).isTrue();
        assertThat(target.mismatch(source)).isEqualTo(-1);
        memory.present = false;
        assertThat(table.read(phys, target, 0, 4)).isFalse();
        assertThat(table.write(phys, source, 0, 4)).isFalse();
    }

    @Test
    void shouldCopyThroughDirectViewUntilItsArenaIsClosed() {
        MemorySegment buffer = MemorySegment.ofArray(new byte[] {7, 8});
        long phys;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment segment = arena.allocate(PAGE, PAGE);
            phys = table.insert(new SegmentMemory(segment));
            assertThat(table.write(phys + PAGE - 2, buffer, 0, 2)).isTrue();
            assertThat(segment.get(ValueLayout.JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 8);
            assertThat(table.read(phys + PAGE - 1, buffer, 0, 2))
                    .as("beyond the end")
                    .isFalse();
        }
        assertThat(table.read(phys, buffer, 0, 2)).as("closed arena").isFalse();
        assertThat(table.write(phys, buffer, 0, 2)).as("closed arena").isFalse();
    }

    @Test
    void shouldNotWriteReadOnlyMemory() {
        var memory = memory(1);
        memory.writable = false;
        long phys = table.insert(memory);
        assertThat(table.write(phys, MemorySegment.ofArray(new byte[] {1}), 0, 1))
                .isFalse();
        assertThat(memory.bytes.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    }

    @Test
    void shouldTellTheOwnerWhenNoPinIsLeft() {
        var memory = memory(4);
        long phys = table.insert(memory);
        assertThat(table.pin(phys, 2 * PAGE)).isTrue();
        assertThat(table.pin(phys + PAGE, PAGE)).isTrue();
        table.unpin(phys, 2 * PAGE, false);
        assertThat(memory.unpinned).as("told while a pin is left").isZero();
        table.unpin(phys + PAGE, PAGE, false);
        assertThat(memory.unpinned).isEqualTo(1);
        assertThat(memory.released).isZero();
    }

    @Test
    void shouldReleaseInsteadOfTellingWhenTheOwnerTookTheMemoryOut() {
        var memory = memory(1);
        long phys = table.insert(memory);
        assertThat(table.pin(phys, PAGE)).isTrue();
        table.remove(phys);
        table.unpin(phys, PAGE, false);
        assertThat(memory.unpinned).isZero();
        assertThat(memory.released).isEqualTo(1);
    }
}
