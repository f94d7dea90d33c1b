// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.model.Doorbell;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Registers that users map: where their bytes are, and which writes ring. Nobody looks but the test. */
class RegisterMemoryTest {
    private static final long LENGTH = 0x3000;
    private static final long POSITION = 3L << 40;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final DoorbellPoller poller = new DoorbellPoller("test");
    private final List<String> rings = new ArrayList<>();
    private final RegisterMemory registers = new RegisterMemory(
            new SharedRegisters.Layout(
                    LENGTH,
                    POSITION,
                    List.of(new Doorbell(0x1000, 4), new Doorbell(0x1004, 4), new Doorbell(0x1010, 8))),
            (offset, before, now) -> rings.add(Long.toHexString(offset) + ": " + before + " -> " + now),
            poller);
    private final Arena arena = Arena.ofShared();

    RegisterMemoryTest() {
        poller.close(); // it watches nothing from now on
    }

    @AfterEach
    void close() {
        registers.close();
        arena.close();
    }

    /** Another process' mapping, as far as this process can have one. */
    private MemorySegment foreignMapping() {
        var range = registers.file().orElseThrow();
        try (var channel = FileChannel.open(range.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, range.offset(), LENGTH, arena);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private long fileSize() throws IOException {
        return Files.size(registers.file().orElseThrow().file());
    }

    @Test
    void shouldHaveItsBytesInAFileOnlyWhileMapped() throws IOException {
        registers.write(8, 4, 0x1234);
        assertThat(registers.mappable()).isTrue();
        assertThat(registers.file()).isEmpty();
        registers.beginMapping();
        var file = registers.file().orElseThrow().file();
        assertThat(Files.size(file)).isEqualTo(POSITION + LENGTH);
        var mapped = foreignMapping();
        assertThat(mapped.get(INT, 8)).isEqualTo(0x1234);
        mapped.set(INT, 12, 0x5678);
        assertThat(registers.read(12, 4)).isEqualTo(0x5678);
        registers.endMapping();
        assertThat(file).doesNotExist();
        assertThat(registers.read(12, 4)).as("stored through the mapping").isEqualTo(0x5678);
    }

    @Test
    void shouldGiveEachPeriodOfMappingsAnotherFile() throws IOException {
        registers.beginMapping();
        var range = registers.file().orElseThrow();
        try (var old = FileChannel.open(range.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            registers.endMapping();
            registers.beginMapping();
            assertThat(registers.file()).contains(range);
            registers.write(0, 4, 7);
            assertThat(old.size())
                    .as("what whoever had the first file still sees")
                    .isZero();
        }
        assertThat(fileSize()).isEqualTo(POSITION + LENGTH);
        registers.endMapping();
    }

    @Test
    void shouldTakeThePagesAwayWhileHiddenAndPutThemBack() throws IOException {
        registers.beginMapping();
        var mapped = foreignMapping();
        mapped.set(INT, 0x2ffc, 42);
        registers.write(4, 4, 5);
        registers.show(false);
        assertThat(fileSize()).as("a touch would be SIGBUS").isZero();
        assertThat(registers.read(0x2ffc, 4))
                .as("the device has what the program stored")
                .isEqualTo(42);
        registers.set(4, 4, 6);
        registers.set(0x1ff8, 8, -2);
        registers.show(true);
        assertThat(mapped.get(INT, 4)).as("written by the device while hidden").isEqualTo(6);
        assertThat(mapped.get(ValueLayout.JAVA_LONG, 0x1ff8)).isEqualTo(-2);
        assertThat(mapped.get(INT, 0x2ffc)).isEqualTo(42);
        mapped.set(INT, 16, 9);
        assertThat(registers.read(16, 4)).as("the same memory again").isEqualTo(9);
        registers.endMapping();
    }

    @Test
    void shouldBeginMappingsWhileHidden() throws IOException {
        registers.write(0, 4, 3);
        registers.show(false);
        registers.beginMapping();
        assertThat(fileSize()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> registers.map(arena));
        registers.show(true);
        assertThat(foreignMapping().get(INT, 0)).isEqualTo(3);
        registers.endMapping();
    }

    @Test
    void shouldZeroMappingsInPlaceAtReset() {
        registers.beginMapping();
        var mapped = foreignMapping();
        mapped.set(INT, 0, 1);
        mapped.set(INT, 0x1000, 2);
        registers.clear();
        assertThat(mapped.get(INT, 0)).isZero();
        assertThat(registers.poll()).as("a doorbell is not rung by a reset").isFalse();
        assertThat(rings).isEmpty();
        registers.endMapping();
    }

    @Test
    void shouldRingOnceForStoresBetweenTwoLooks() {
        registers.beginMapping();
        var mapped = foreignMapping();
        mapped.set(INT, 0x1000, 5);
        mapped.set(INT, 0x1000, 6);
        mapped.set(INT, 0x1008, 1); // no doorbell
        mapped.set(ValueLayout.JAVA_LONG, 0x1010, -1L);
        assertThat(registers.poll()).isTrue();
        assertThat(rings).containsExactly("1000: 0 -> 6", "1010: 0 -> -1");
        assertThat(registers.poll()).as("nothing new").isFalse();
        mapped.set(INT, 0x1000, 6);
        assertThat(registers.poll()).as("the value it had").isFalse();
        registers.endMapping();
        assertThat(rings).hasSize(2);
    }

    @Test
    void shouldRingTheOthersWhenTheModelFailsAtOneDoorbell() {
        try (var failing = new RegisterMemory(
                new SharedRegisters.Layout(LENGTH, POSITION, List.of(new Doorbell(0, 4), new Doorbell(4, 4))),
                (offset, before, now) -> {
                    rings.add(offset + ": " + before + " -> " + now);
                    if (offset == 0) {
                        throw new IllegalStateException("a defect of this model");
                    }
                },
                poller)) {
            failing.beginMapping();
            var mapped = failing.map(arena);
            mapped.set(INT, 0, 1);
            mapped.set(INT, 4, 2);
            assertThatIllegalStateException().isThrownBy(failing::poll);
            assertThat(rings).containsExactly("0: 0 -> 1", "4: 0 -> 2");
            mapped.set(INT, 4, 3);
            assertThat(failing.poll()).as("the doorbell rings again").isTrue();
            assertThat(rings).endsWith("4: 2 -> 3");
        }
    }

    @Test
    void shouldKeepTheFirstMappingWhenASecondOneCannotBegin() throws IOException {
        registers.beginMapping();
        var range = registers.file().orElseThrow();
        registers.show(false);
        Files.delete(range.file());
        registers.show(true); // the file cannot be opened, which nobody can be told here
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(registers::beginMapping)
                .matches(refused -> refused.errno() == Errno.ENOMEM);
        assertThat(registers.file()).as("of the first mapping").contains(range);
        registers.write(0, 4, 7);
        registers.endMapping();
        registers.beginMapping();
        assertThat(foreignMapping().get(INT, 0)).as("the next period").isEqualTo(7);
        registers.endMapping();
    }

    @Test
    void shouldRingBeforeACallThatWritesReturns() {
        registers.write(0x1000, 4, 5);
        assertThat(rings).containsExactly("1000: 0 -> 5");
        registers.write(0x1000, 4, 5);
        assertThat(rings).as("every call rings").hasSize(2).endsWith("1000: 5 -> 5");
        registers.write(0x1000, 8, 7L << 32 | 6);
        assertThat(rings).endsWith("1000: 5 -> 6", "1004: 0 -> 7");
        registers.write(0x1001, 1, 1);
        assertThat(rings).endsWith("1000: 6 -> 262");
        registers.beginMapping();
        assertThat(registers.poll()).as("found by looking again").isFalse();
        registers.endMapping();
        assertThat(rings).hasSize(5);
    }

    @Test
    void shouldNotRingForWhatTheDeviceWrites() {
        registers.beginMapping();
        registers.set(0x1000, 4, 5);
        assertThat(registers.poll()).isFalse();
        foreignMapping().set(INT, 0x1000, 6);
        registers.poll();
        assertThat(rings).containsExactly("1000: 5 -> 6");
        registers.endMapping();
    }

    @Test
    void shouldRingWhatWasStoredBeforeTheRegistersWereHiddenOrTheMappingEnded() {
        registers.beginMapping();
        var mapped = foreignMapping();
        mapped.set(INT, 0x1000, 1);
        registers.show(false);
        assertThat(rings).containsExactly("1000: 0 -> 1");
        registers.show(true);
        mapped.set(INT, 0x1000, 2);
        registers.endMapping();
        assertThat(rings).endsWith("1000: 1 -> 2").hasSize(2);
    }

    @Test
    void shouldLookWithoutAllocating() {
        registers.beginMapping();
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            registers.poll();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            registers.poll();
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated by 20000 looks")
                .isLessThan(20_000);
        registers.endMapping();
    }

    @Test
    void shouldSurviveAProgramThatTruncatesTheFile() throws IOException {
        registers.beginMapping();
        registers.write(0, 4, 1);
        var file = registers.file().orElseThrow().file();
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(0);
        }
        assertThat(registers.read(0, 4)).isZero();
        registers.set(0, 4, 2);
        assertThat(registers.read(0, 4)).isEqualTo(2);
        assertThat(registers.poll()).isFalse();
        registers.show(false);
        registers.show(true);
        assertThat(foreignMapping().get(INT, 0)).as("works again").isEqualTo(2);
        registers.endMapping();
    }

    @Test
    void shouldNotMindAnInterruptOfTheThread() {
        registers.write(0, 4, 1);
        Thread.currentThread().interrupt();
        registers.beginMapping();
        registers.show(false);
        registers.show(true);
        registers.clear();
        registers.write(0, 4, 2);
        assertThat(registers.map(arena).get(INT, 0)).isEqualTo(2);
        registers.endMapping();
        assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    }

    @Test
    void shouldEndMappingsWithTheDevice() throws IOException {
        registers.beginMapping();
        var file = registers.file().orElseThrow().file();
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            registers.close();
            assertThat(channel.size()).as("a touch would be SIGBUS").isZero();
        }
        assertThat(file).doesNotExist();
        assertThat(registers.read(0, 4)).isEqualTo(-1);
        registers.write(0x1000, 4, 1);
        assertThat(rings).isEmpty();
        registers.endMapping();
    }
}
