// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class SerialDmaTest {
    private static final long MAPPED = 0x10_0000;
    private static final int SIZE = 4 * 4096;
    private static final int PAGE = 4096;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment user = arena.allocate(SIZE, PAGE);
    private final FrameTable frames = new FrameTable();
    private final long phys = frames.insert(new SegmentMemory(user));
    private final List<Long> pinned = new ArrayList<>();
    private final SerialDma dma = new SerialDma(new SerialInterrupts(), new WriteLog(), Runnable::run);

    /** Four pages mapped at one address; everything else is refused. */
    private final UserMemory memory = new UserMemory() {
        @Override
        public PhysicalMemory physical() {
            return frames;
        }

        @Override
        public void pin(long iova, int pages, int protection, RunSink sink) {
            require(iova, (long) pages * PAGE);
            pinned.add(iova);
            sink.run(phys + iova - MAPPED, (long) pages * PAGE);
        }

        @Override
        public void unpin(long iova, int pages) {
            assertThat(pinned.remove(iova)).as("unpin of a page that is pinned").isTrue();
        }

        @Override
        public void rw(long iova, MemorySegment buffer, boolean write) {
            require(iova, buffer.byteSize());
            var part = user.asSlice(iova - MAPPED, buffer.byteSize());
            if (write) {
                part.copyFrom(buffer);
            } else {
                buffer.copyFrom(part);
            }
        }

        private void require(long iova, long length) {
            if (iova < MAPPED || iova + length > MAPPED + SIZE) {
                throw new VfioException(Errno.ENOENT, "not mapped");
            }
        }
    };

    @BeforeEach
    void open() {
        dma.open(memory);
        for (int i = 0; i < SIZE; i++) {
            user.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + i / PAGE));
        }
    }

    @AfterEach
    void free() {
        dma.free();
        arena.close();
    }

    private int transfer(long iova, int length, int command) {
        dma.write(SerialDmaRegisters.ADDRESS, 8, iova);
        dma.write(SerialDmaRegisters.COUNT, 4, length);
        dma.write(SerialDmaRegisters.COMMAND, 4, command | SerialDmaRegisters.COMMAND_START);
        return (int) dma.read(SerialDmaRegisters.STATUS, 4);
    }

    @Test
    void shouldMoveBytesBothWaysByCopying() {
        assertThat(transfer(MAPPED + 100, 4096, 0)).isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(dma.read(SerialDmaRegisters.MOVED, 4)).isEqualTo(4096);
        assertThat(transfer(MAPPED + 8192, 4096, SerialDmaRegisters.COMMAND_RECEIVE))
                .isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(user.asSlice(8192, 4096).mismatch(expected(100, 4096))).isEqualTo(-1);
        assertThat(pinned).isEmpty();
    }

    @Test
    void shouldMoveBytesThroughPinnedPagesAndKeepThemUntilTold() {
        assertThat(transfer(MAPPED + 100, 4096, SerialDmaRegisters.COMMAND_PIN))
                .isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(pinned).containsExactly(MAPPED, MAPPED + PAGE);
        assertThat(dma.read(SerialDmaRegisters.PINNED, 4)).isEqualTo(2);
        assertThat(transfer(MAPPED + 8192, 4096, SerialDmaRegisters.COMMAND_RECEIVE | SerialDmaRegisters.COMMAND_PIN))
                .isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(user.asSlice(8192, 4096).mismatch(expected(100, 4096))).isEqualTo(-1);
        assertThat(transfer(MAPPED, 4096, SerialDmaRegisters.COMMAND_PIN)).isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(pinned).as("a page is pinned once").containsExactly(MAPPED, MAPPED + PAGE, MAPPED + 2 * PAGE);

        dma.dmaUnmap(MAPPED + PAGE, PAGE);
        assertThat(pinned).containsExactly(MAPPED, MAPPED + 2 * PAGE);
        dma.dmaUnmap(0, -1);
        assertThat(pinned).isEmpty();
        assertThat(dma.read(SerialDmaRegisters.PINNED, 4)).isZero();
    }

    @Test
    void shouldPinAgainWhenAPageHeldForReadingIsWritten() {
        transfer(MAPPED, 16, SerialDmaRegisters.COMMAND_PIN);
        transfer(MAPPED, 16, SerialDmaRegisters.COMMAND_PIN | SerialDmaRegisters.COMMAND_RECEIVE);
        assertThat(pinned).containsExactly(MAPPED);
    }

    @Test
    void shouldGivePinsBackOnCommandAndOnClose() {
        transfer(MAPPED, 16, SerialDmaRegisters.COMMAND_PIN);
        assertThat(transfer(0, 0, SerialDmaRegisters.COMMAND_RELEASE)).isEqualTo(SerialDmaRegisters.STATUS_DONE);
        assertThat(pinned).isEmpty();
        transfer(MAPPED, 16, SerialDmaRegisters.COMMAND_PIN);
        dma.close();
        assertThat(pinned).isEmpty();
    }

    @Test
    void shouldReportRefusedAccesses() {
        for (int way : new int[] {0, SerialDmaRegisters.COMMAND_PIN, SerialDmaRegisters.COMMAND_RECEIVE}) {
            assertThat(transfer(0x5000, 64, way))
                    .isEqualTo(SerialDmaRegisters.STATUS_DONE | SerialDmaRegisters.STATUS_ERROR);
            assertThat(dma.read(SerialDmaRegisters.ERROR, 4)).isEqualTo(Errno.ENOENT.number());
            assertThat(dma.read(SerialDmaRegisters.MOVED, 4)).isZero();
        }
        assertThat(transfer(MAPPED, 4097, 0))
                .isEqualTo(SerialDmaRegisters.STATUS_DONE | SerialDmaRegisters.STATUS_ERROR);
        assertThat(dma.read(SerialDmaRegisters.ERROR, 4)).isEqualTo(Errno.EINVAL.number());
    }

    private static MemorySegment expected(int from, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            int at = from + i;
            bytes[i] = (byte) (at * 31 + at / PAGE);
        }
        return MemorySegment.ofArray(bytes);
    }
}
