// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a unit keeps of table memory, how much of it and for how long. */
class TableMemoryTest {
    private static List<MemorySegment> lendAll(TableMemory memory) {
        List<MemorySegment> chunks = new ArrayList<>();
        for (MemorySegment chunk = memory.lend(); chunk != null; chunk = memory.lend()) {
            chunks.add(chunk);
        }
        return chunks;
    }

    private static MemorySegment lend(TableMemory memory) {
        return Objects.requireNonNull(memory.lend(), "no chunk was lent");
    }

    @Test
    void shouldLendZerosAlignedToTables() {
        try (var memory = new TableMemory(piece -> {})) {
            MemorySegment chunk = lend(memory);
            assertThat(chunk.byteSize()).isEqualTo(TableMemory.CHUNK_BYTES);
            assertThat(chunk.address() % TablePool.TABLE_BYTES).isZero();
            assertThat(chunk.mismatch(MemorySegment.ofArray(new byte[TableMemory.CHUNK_BYTES])))
                    .as("first byte that is not zero")
                    .isEqualTo(-1);
            memory.giveBack(chunk);
        }
    }

    @Test
    void shouldLendAgainWhatCameBack() {
        try (var memory = new TableMemory(piece -> {})) {
            MemorySegment first = lend(memory);
            MemorySegment second = lend(memory);
            assertThat(second.address()).isNotEqualTo(first.address());
            memory.giveBack(first);
            assertThat(memory.kept()).isEqualTo(1);
            assertThat(lend(memory).address()).isEqualTo(first.address());
            assertThat(memory.kept()).isZero();
            memory.giveBack(first);
            memory.giveBack(second);
        }
    }

    @Test
    void shouldNeverMakeMoreThanTheBound() {
        try (var memory = new TableMemory(piece -> {})) {
            List<MemorySegment> all = lendAll(memory);
            assertThat(all).hasSize(TableMemory.MOST_CHUNKS);
            assertThat(all.stream().mapToLong(MemorySegment::address)).doesNotHaveDuplicates();
            memory.giveBack(all.getFirst());
            assertThat(lendAll(memory)).as("after one came back").hasSize(1);
            all.forEach(memory::giveBack);
            assertThat(memory.kept()).isEqualTo(TableMemory.MOST_CHUNKS);
            assertThat(memory.lent()).isZero();
        }
    }

    @Test
    void shouldFreeEverythingWhenClosed() {
        var memory = new TableMemory(piece -> {});
        MemorySegment chunk = lend(memory);
        memory.giveBack(chunk);
        memory.close();
        assertThat(memory.isFreed()).isTrue();
        assertThat(chunk.scope().isAlive()).as("memory that was kept").isFalse();
        assertThat(memory.kept()).isZero();
        assertThat(memory.lend()).as("a chunk of a closed unit").isNull();
        memory.close();
    }

    @Test
    void shouldFreeWithTheLastChunkLentWhenClosedBefore() {
        var memory = new TableMemory(piece -> {});
        MemorySegment first = lend(memory);
        MemorySegment second = lend(memory);
        memory.giveBack(first);
        memory.close();
        assertThat(memory.isFreed()).as("freed under a domain").isFalse();
        second.set(ValueLayout.JAVA_LONG, 0, 0);
        assertThat(lendAll(memory)).as("kept chunks are lent still").hasSize(1);
        memory.giveBack(first);
        memory.giveBack(second);
        assertThat(memory.isFreed()).isTrue();
    }
}
