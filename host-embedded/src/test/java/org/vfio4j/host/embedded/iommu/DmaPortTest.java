// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vfio4j.host.embedded.iommu.PagingSetup.LARGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.DmaFault.Reason;
import org.vfio4j.testing.fixture.CopiedMemory;

/** What a device's access does and how it is refused. */
class DmaPortTest {
    private static final String DEVICE = "0000:00:05.0";

    private static void assertFault(PagingSetup setup, long iova, boolean write, Reason reason) {
        assertThat(setup.faults.faults()).last().isEqualTo(new DmaFault(DEVICE, iova, write, reason));
    }

    @Test
    void shouldMoveBytesBothWaysAcrossPagesThatAreApart() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(4 * PAGE, PAGE);
            // Neighbours for the device, far and in reverse order in memory.
            setup.domain.map(0x10000, memory.phys() + 3 * PAGE, PAGE, RW);
            setup.domain.map(0x11000, memory.phys() + PAGE, PAGE, RW);
            MemorySegment buffer = setup.buffer(2 * PAGE);
            for (int i = 0; i < 100; i++) {
                buffer.set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
            }
            assertThat(setup.port.write(0x10fd0, buffer, 0, 100)).isTrue();
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 3 * PAGE + 0xfd0))
                    .isEqualTo((byte) 1);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4 * PAGE - 1))
                    .isEqualTo((byte) 48);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE)).isEqualTo((byte) 49);
            assertThat(setup.port.read(0x10fd0, buffer, PAGE, 100)).isTrue();
            assertThat(buffer.asSlice(PAGE, 100).mismatch(buffer.asSlice(0, 100)))
                    .isEqualTo(-1);
            assertThat(setup.faults.recorded()).isZero();
        }
    }

    @Test
    void shouldMoveMoreThanOneStepThroughLargePages() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(2 * LARGE, LARGE);
            setup.domain.map(LARGE, memory.phys(), 2 * LARGE, RW);
            MemorySegment buffer = setup.buffer(2 * LARGE);
            for (long at = 0; at < buffer.byteSize(); at += 8) {
                buffer.set(ValueLayout.JAVA_LONG, at, at * 31);
            }
            assertThat(setup.port.write(LARGE + 24, buffer, 24, 2 * LARGE - 48)).isTrue();
            assertThat(memory.segment().asSlice(24, 2 * LARGE - 48).mismatch(buffer.asSlice(24, 2 * LARGE - 48)))
                    .isEqualTo(-1);
        }
    }

    @Test
    void shouldMoveThePagesBeforeAFaultAndNothingBeyond() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(2 * PAGE, PAGE);
            setup.domain.map(0x10000, memory.phys(), PAGE, RW);
            MemorySegment buffer = setup.buffer(3 * PAGE).fill((byte) 7);
            assertThat(setup.port.write(0x10800, buffer, 0, 2 * PAGE)).isFalse();
            assertFault(setup, 0x11000, true, Reason.NOT_MAPPED);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE - 1)).isEqualTo((byte) 7);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE)).isZero();
        }
    }

    @Test
    void shouldRefuseWhatTheMappingDoesNotAllow() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(2 * PAGE, PAGE);
            setup.domain.map(0, memory.phys(), PAGE, 1);
            setup.domain.map(PAGE, memory.phys() + PAGE, PAGE, 2);
            MemorySegment buffer = setup.buffer(64).fill((byte) 9);
            for (int round = 0; round < 2; round++) {
                assertThat(setup.port.read(8, buffer, 0, 8)).isTrue();
                assertThat(setup.port.write(8, buffer, 0, 8)).isFalse();
                assertFault(setup, 8, true, Reason.PERMISSION);
                assertThat(setup.port.write(PAGE, buffer, 0, 8)).isTrue();
                assertThat(setup.port.read(PAGE, buffer, 0, 8)).isFalse();
                assertFault(setup, PAGE, false, Reason.PERMISSION);
            }
            assertThat(memory.segment().get(ValueLayout.JAVA_LONG, 8))
                    .as("read-only page")
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x3000, 0x7fff_ffff_f000L, 1L << 48, 1L << 59, -8, Long.MIN_VALUE})
    void shouldRefuseAddressesThatAreNotMapped(long iova) {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(PAGE, PAGE);
            setup.domain.map(0, memory.phys(), PAGE, RW);
            MemorySegment buffer = setup.buffer(64);
            assertThat(setup.port.read(0, buffer, 0, 8)).isTrue();
            assertThat(setup.port.read(iova, buffer, 0, 8)).isFalse();
            assertFault(setup, iova, false, Reason.NOT_MAPPED);
        }
    }

    @Test
    void shouldRefuseWhenTheDeviceMayNotMasterTheBusOrIsBlocked() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(PAGE, PAGE);
            setup.domain.map(0, memory.phys(), PAGE, RW);
            MemorySegment buffer = setup.buffer(64);
            setup.busMaster = false;
            assertThat(setup.port.read(0, buffer, 0, 8)).isFalse();
            assertFault(setup, 0, false, Reason.BUS_MASTER_OFF);
            setup.busMaster = true;
            assertThat(setup.port.read(0, buffer, 0, 8)).isTrue();
            setup.group.detach();
            assertThat(setup.port.write(0, buffer, 0, 8)).isFalse();
            assertFault(setup, 0, true, Reason.BLOCKED);
            setup.group.attach(setup.domain);
            assertThat(setup.port.read(0, buffer, 0, 8)).isTrue();
        }
    }

    @Test
    void shouldRefuseAfterUnmapEvenWhatItHadCached() {
        try (var setup = new PagingSetup()) {
            var memory = setup.memory(LARGE, LARGE);
            MemorySegment buffer = setup.buffer(64);
            // More rounds than the IOTLB has epochs, so that their counter starts again.
            for (int round = 0; round < 10_000; round++) {
                long length = (round & 1) == 0 ? PAGE : LARGE;
                setup.domain.map(LARGE, memory.phys(), length, RW);
                assertThat(setup.port.read(LARGE, buffer, 0, 8)).isTrue();
                setup.domain.unmap(LARGE, length);
                assertThat(setup.port.read(LARGE, buffer, 0, 8))
                        .as("access after unmap number %d", round)
                        .isFalse();
            }
            assertFault(setup, LARGE, false, Reason.NOT_MAPPED);
            assertThat(setup.faults.recorded()).isEqualTo(10_000);
            assertThat(setup.faults.faults()).as("faults kept").hasSize(8);
        }
    }

    @Test
    void shouldRefuseWhenTheArenaBehindAMappingWasClosed() {
        try (var setup = new PagingSetup()) {
            MemorySegment buffer = setup.buffer(64);
            try (Arena gone = Arena.ofShared()) {
                long phys = setup.physical.insert(new SegmentMemory(gone.allocate(PAGE, PAGE)));
                setup.domain.map(0, phys, PAGE, RW);
                assertThat(setup.port.read(0, buffer, 0, 8)).isTrue();
            }
            assertThat(setup.port.read(0, buffer, 0, 8)).isFalse();
            assertFault(setup, 0, false, Reason.MEMORY_GONE);
            assertThat(setup.domain.unmap(0, PAGE))
                    .as("unmap finds the port idle")
                    .isEqualTo(PAGE);
        }
    }

    @Test
    void shouldRefuseAPhysicalAddressWithoutMemory() {
        try (var setup = new PagingSetup()) {
            setup.domain.map(0, 99L << 40, PAGE, RW);
            assertThat(setup.port.write(0, setup.buffer(8), 0, 8)).isFalse();
            assertFault(setup, 0, true, Reason.MEMORY_GONE);
        }
    }

    /** The JVM reports a file cut short at some later point of the thread; in compiled code that is hard to hit. */
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 64, 4096})
    void shouldRefuseWhenTheFileBehindAMappingWasTruncated(int size, @TempDir Path folder) throws IOException {
        try (var setup = new PagingSetup()) {
            MemorySegment buffer = setup.buffer(PAGE);
            for (int round = 0; round < 40; round++) {
                Path file = folder.resolve("memory" + round);
                try (var channel = FileChannel.open(
                                file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                        Arena arena = Arena.ofShared()) {
                    MemorySegment view = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4 * PAGE, arena);
                    long phys = setup.physical.insert(new SegmentMemory(view));
                    setup.domain.map(0, phys, 4 * PAGE, RW);
                    for (int i = 0; i < 2_000; i++) {
                        assertMoves(setup, (i & 3) * PAGE, buffer, size);
                    }
                    channel.truncate(PAGE);
                    boolean write = (round & 1) == 0;
                    boolean moved = write
                            ? setup.port.write(2 * PAGE, buffer, 0, size)
                            : setup.port.read(2 * PAGE, buffer, 0, size);
                    assertThat(moved)
                            .as("access to a page cut off, round %d", round)
                            .isFalse();
                    assertFault(setup, 2 * PAGE, write, Reason.MEMORY_GONE);
                    assertThat(setup.domain.unmap(0, 4 * PAGE)).isEqualTo(4 * PAGE);
                    setup.physical.remove(phys);
                }
            }
        }
    }

    /** A plain check, so that the loop around it is compiled together with the access. */
    private static void assertMoves(PagingSetup setup, long iova, MemorySegment buffer, int size) {
        if (!setup.port.read(iova, buffer, 0, size) || !setup.port.write(iova, buffer, 0, size)) {
            throw new AssertionError("refused: " + setup.faults.faults());
        }
    }

    @Test
    void shouldReachMemoryThatHasNoDirectView() {
        try (var setup = new PagingSetup()) {
            MemorySegment bytes = setup.buffer(PAGE);
            var remote = new RemoteMemory(bytes);
            setup.domain.map(0x5000, setup.physical.insert(remote), PAGE, RW);
            MemorySegment buffer = setup.buffer(64).fill((byte) 3);
            assertThat(setup.port.write(0x5010, buffer, 0, 16)).isTrue();
            assertThat(bytes.get(ValueLayout.JAVA_BYTE, 0x1f)).isEqualTo((byte) 3);
            assertThat(setup.port.read(0x5010, buffer, 32, 16)).isTrue();
            remote.gone = true;
            assertThat(setup.port.read(0x5010, buffer, 0, 16)).isFalse();
            assertFault(setup, 0x5010, false, Reason.MEMORY_GONE);
        }
    }

    @Test
    void shouldRejectABufferThatIsTooSmallAsTheModelsMistake() {
        try (var setup = new PagingSetup()) {
            MemorySegment buffer = setup.buffer(64);
            assertThatThrownBy(() -> setup.port.read(0, buffer, 60, 8)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> setup.port.read(0, buffer.asReadOnly(), 0, 8))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(setup.port.read(0, buffer, 0, 0)).as("nothing to move").isTrue();
            assertThat(setup.faults.recorded()).isZero();
        }
    }

    /** Memory of another process: bytes that can be copied but not seen. */
    private static final class RemoteMemory extends CopiedMemory {
        private final MemorySegment bytes;
        private boolean gone;

        RemoteMemory(MemorySegment bytes) {
            super(bytes.byteSize(), 0x7000);
            this.bytes = bytes;
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            if (!gone) {
                MemorySegment.copy(bytes, offset, target, targetOffset, length);
            }
            return !gone;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            if (!gone) {
                MemorySegment.copy(source, sourceOffset, bytes, offset, length);
            }
            return !gone;
        }
    }
}
