// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxProcess;
import org.vfio4j.ffm.LinuxStat;

/**
 * Processor time that a device's access to memory of a program takes behind the IOMMU, shared against private memory. This process is the program.
 * Run it alone, with {@code -Dvfio4j.timing=true}.
 */
@EnabledIfSystemProperty(named = "vfio4j.timing", matches = "true", disabledReason = "a measurement, not a check")
class DmaTimingTest {
    private static final int PAGE = 4096;
    private static final long MEMORY = 64L << 20;
    private static final int ROUNDS = 9;
    private static final int[] SIZES = {64, PAGE, 64 << 10};

    private final FrameTable physical = new FrameTable();
    private final MemorySegment buffer = Arena.ofAuto().allocate(64 << 10, PAGE);

    @Test
    void timeOfAccessesToSharedMemory() throws IOException {
        int fd = LinuxFiles.memfdCreate("timing", LinuxFiles.MFD_CLOEXEC);
        try (var channel = FileChannel.open(Path.of("/proc/self/fd/" + fd), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), MEMORY - 1);
        }
        var files = new SharedFiles(physical);
        var runs = new PinnedRuns(physical);
        FileId id = FileId.of(LinuxStat.of(fd));
        assertThat(files.pin(id, 0, MEMORY, true, 0, write -> FileFinder.reopen(fd, write), runs))
                .isEqualTo(SharedFiles.Outcome.PINNED);
        long[] phys = new long[1];
        runs.report((at, length) -> phys[0] = at);
        measure("shared", phys[0], 20);
        physical.unpin(phys[0], MEMORY, true);
        assertThat(files.count()).isZero();
        LinuxFiles.close(fd);
    }

    @Test
    void timeOfAccessesToPrivateMemory() throws IOException {
        try (var arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(MEMORY, PAGE).fill((byte) 1);
            var file = MemoryFile.open(LinuxProcess.getpid());
            for (var kind : new ProcessWindow.Kind[] {ProcessWindow.Kind.PLAIN, ProcessWindow.Kind.FILE}) {
                int number = (int) (memory.address() >>> ProcessWindow.SHIFT);
                long base = physical.insert(new ProcessWindow(file, number, kind));
                long phys = base + (memory.address() & ((1L << ProcessWindow.SHIFT) - 1));
                measure(kind == ProcessWindow.Kind.PLAIN ? "private" : "private, not looked at", phys, 1);
                physical.remove(base);
            }
            file.release();
        }
    }

    /** The more repeated the faster it is: the clock turns over every few milliseconds only. */
    private void measure(String what, long phys, int repeated) throws IOException {
        for (int size : SIZES) {
            for (boolean write : new boolean[] {false, true}) {
                long[] nanos = new long[ROUNDS];
                int count = 200_000_000 / (size + 2000) * repeated;
                for (int round = 0; round < ROUNDS; round++) {
                    long start = processorTime();
                    boolean done = accesses(phys, size, write, count);
                    nanos[round] = processorTime() - start;
                    assertThat(done).isTrue();
                }
                Arrays.sort(nanos);
                System.out.printf(
                        "%s, %d bytes %s: %d ns (from %d to %d)%n",
                        what,
                        size,
                        write ? "written" : "read",
                        nanos[ROUNDS / 2] / count,
                        nanos[0] / count,
                        nanos[ROUNDS - 1] / count);
            }
        }
    }

    /** Nanoseconds this thread has run, which other work on the machine changes least. */
    private static long processorTime() throws IOException {
        return Long.parseLong(
                Files.readString(Path.of("/proc/thread-self/schedstat")).split(" ", 2)[0]);
    }

    private boolean accesses(long phys, int size, boolean write, int count) {
        boolean done = true;
        for (int i = 0; i < count; i++) {
            long at = phys + (long) (i & 15) * size;
            done &= write ? physical.write(at, buffer, 0, size) : physical.read(at, buffer, 0, size);
        }
        return done;
    }
}
