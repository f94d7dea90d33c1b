// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/**
 * A guest with a DMA engine is migrated while the engine writes to its memory. What the monitor copies of that memory is what
 * the device reports as written, and nothing else: a page that was not reported is stale afterwards. Spec: core §12, §13.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MigrationOfMemoryTest extends SerialTestCase {
    private static final int PAGE = 4096;
    private static final int PAGES = 64;
    private static final long IOVA = 0x40_0000;
    private static final int TRANSFERS_AFTER = 50;

    /** A device with an address space of its own and memory in it. */
    private final class Machine {
        final SerialProgram monitor;
        final SerialProgram guest;
        final MemorySegment memory = system.memory((long) PAGES * PAGE);

        Machine(String device) {
            long file = bound(device);
            long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
            require("ATTACH", program.attach(file, ioas));
            require("IOAS_MAP", program.mapIoas(iommufd, ioas, memory, IOVA));
            monitor = new SerialProgram(system, file);
            guest = new SerialProgram(system, file);
        }
    }

    /**
     * The guest: moves the first page, filled with something new each time, through the engine to anywhere behind it. It runs
     * step by step, so that it can be halted between any two of them, and goes on where it was on another machine.
     */
    private static final class Guest implements Runnable {
        /** Held by a step; the monitor halts the guest with the other side. */
        final ReentrantReadWriteLock running = new ReentrantReadWriteLock(true);

        private final SplittableRandom random = new SplittableRandom(20_260);
        final byte[] expected = new byte[PAGES * PAGE];
        private final int flags;
        volatile Machine where;
        final AtomicInteger transfers = new AtomicInteger();
        volatile boolean finished;

        Guest(Machine first, int flags) {
            this.where = first;
            this.flags = flags;
        }

        private interface Step {
            boolean take(Machine machine);
        }

        private boolean step(Step step) {
            running.readLock().lock();
            try {
                return step.take(where);
            } finally {
                running.readLock().unlock();
            }
        }

        private void register(int register, int size, long value) {
            step(machine -> {
                assertThat(machine.guest.writeEngine(register, size, value)).isEqualTo(size);
                return true;
            });
        }

        private void transfer(long offset, int length, int command) {
            register(SerialProgram.ADDRESS, 8, IOVA + offset);
            register(SerialProgram.LENGTH, 4, length);
            register(SerialProgram.COMMAND, 4, SerialProgram.START | flags | command);
            while (!step(machine -> machine.guest.readEngine(SerialProgram.STATUS) != SerialProgram.BUSY)) {
                Thread.onSpinWait();
            }
            step(machine -> {
                assertThat(machine.guest.readEngine(SerialProgram.STATUS)).isEqualTo(SerialProgram.DONE);
                return true;
            });
        }

        @Override
        public void run() {
            while (!finished) {
                byte[] page = new byte[PAGE];
                random.nextBytes(page);
                step(machine -> {
                    MemorySegment.copy(page, 0, machine.memory, ValueLayout.JAVA_BYTE, 0, PAGE);
                    return true;
                });
                System.arraycopy(page, 0, expected, 0, PAGE);
                transfer(0, PAGE, 0);
                int length = 1 + random.nextInt(PAGE);
                int to = PAGE + random.nextInt((PAGES - 1) * PAGE - length);
                transfer(to, length, SerialProgram.RECEIVE);
                System.arraycopy(page, 0, expected, to, length);
                transfers.incrementAndGet();
            }
        }
    }

    /** Copies the pages that the device reports, with the guest running or not; how many. */
    private int copyReported(Machine source, Machine target, MemorySegment bitmap) {
        bitmap.fill((byte) 0);
        require("REPORT", source.monitor.report(IOVA, (long) PAGES * PAGE, PAGE, bitmap));
        long bits = bitmap.get(ValueLayout.JAVA_LONG, 0);
        for (int page = 0; page < PAGES; page++) {
            if ((bits >>> page & 1) != 0) {
                copy(source, target, page);
            }
        }
        return Long.bitCount(bits);
    }

    private static void copy(Machine source, Machine target, int page) {
        MemorySegment.copy(source.memory, (long) page * PAGE, target.memory, (long) page * PAGE, PAGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, SerialProgram.PIN})
    @Spec("C-117")
    void shouldReportEveryPageWrittenAndGoOnElsewhere(int flags) {
        var source = new Machine(ENGINE);
        var target = new Machine(OTHER_ENGINE);
        var bitmap = system.memory(PAGE);
        assertThat(source.monitor.startLogging(IOVA, (long) PAGES * PAGE, PAGE)).isEqualTo(PAGE);
        var guest = new Guest(source, flags);
        try (var thread = Executors.newSingleThreadExecutor()) {
            var traffic = CompletableFuture.runAsync(guest, thread);
            try {
                for (int page = 0; page < PAGES; page++) {
                    copy(source, target, page);
                }
                long saved = source.monitor.session(VFIO_DEVICE_STATE_PRE_COPY);
                var data = new ByteArrayOutputStream();
                int copied = 0;
                for (int round = 0; round < 20; round++) {
                    awaitTransfers(guest, traffic, guest.transfers.get() + 5);
                    data.writeBytes(source.monitor.drain(saved));
                    copied += copyReported(source, target, bitmap);
                }
                assertThat(copied).as("pages copied while the guest ran").isPositive();
                require("SET_STATE", source.monitor.setState(VFIO_DEVICE_STATE_PRE_COPY_P2P));
                guest.running.writeLock().lock();
                try {
                    require("SET_STATE", source.monitor.setState(VFIO_DEVICE_STATE_STOP_COPY));
                    data.writeBytes(source.monitor.drain(saved));
                    copyReported(source, target, bitmap);
                    assertThat(copyReported(source, target, bitmap))
                            .as("pages written by a stopped device")
                            .isZero();
                    copy(source, target, 0); // the guest's own writes are known to the monitor
                    assertThat(target.memory.mismatch(source.memory))
                            .as("first byte that was written and not reported")
                            .isEqualTo(-1);
                    target.monitor.loadAll(target.monitor.session(VFIO_DEVICE_STATE_RESUMING), data.toByteArray());
                    require("SET_STATE", target.monitor.setState(VFIO_DEVICE_STATE_RUNNING));
                    require("STOP", source.monitor.stopLogging());
                    source.memory.fill((byte) 0xee);
                    guest.where = target;
                } finally {
                    guest.running.writeLock().unlock();
                }
                awaitTransfers(guest, traffic, guest.transfers.get() + TRANSFERS_AFTER);
            } finally {
                guest.finished = true;
            }
            traffic.join();
        }
        assertThat(target.memory.mismatch(MemorySegment.ofArray(guest.expected)))
                .as("first byte of the guest's memory that is wrong")
                .isEqualTo(-1);
    }

    private static void awaitTransfers(Guest guest, CompletableFuture<Void> traffic, int count) {
        while (guest.transfers.get() < count && !traffic.isDone()) {
            Thread.onSpinWait();
        }
        if (traffic.isDone()) {
            traffic.join();
        }
    }

    @Test
    @Spec({"C-118", "C-119"})
    void shouldSpreadAndMergeReportedPages() {
        var machine = new Machine(ENGINE);
        var monitor = machine.monitor;
        var bitmap = system.memory(PAGE);
        Program.refused("REPORT before START", monitor.report(IOVA, PAGE, PAGE, bitmap), Errno.EINVAL);
        assertThat(monitor.stopLogging()).as("STOP before START").isZero();
        assertThat(monitor.startLogging(IOVA, (long) PAGES * PAGE, PAGE)).isEqualTo(PAGE);
        Program.refused("START again", monitor.startLogging(IOVA, PAGE, PAGE), Errno.EINVAL);
        writeOneByte(monitor, IOVA + 5 * PAGE + 7);
        bitmap.set(ValueLayout.JAVA_LONG, 0, 1L << 20);
        require("REPORT", monitor.report(IOVA, (long) PAGES * PAGE, 2 * PAGE, bitmap));
        assertThat(bitmap.get(ValueLayout.JAVA_LONG, 0))
                .as("the third page of 8 KiB, and what was set before")
                .isEqualTo(1L << 20 | 1L << 2);
        require("STOP", monitor.stopLogging());
        assertThat(monitor.startLogging(IOVA, (long) PAGES * PAGE, 2 * PAGE)).isEqualTo(2 * PAGE);
        writeOneByte(monitor, IOVA + 5 * PAGE + 7);
        bitmap.fill((byte) 0);
        require("REPORT", monitor.report(IOVA, (long) PAGES * PAGE, PAGE, bitmap));
        assertThat(bitmap.get(ValueLayout.JAVA_LONG, 0))
                .as("two pages of 4 KiB")
                .isEqualTo(3L << 4);
        bitmap.fill((byte) 0);
        require("REPORT", monitor.report(IOVA, (long) PAGES * PAGE, PAGE, bitmap));
        assertThat(bitmap.get(ValueLayout.JAVA_LONG, 0)).as("reported before").isZero();
    }

    private static void writeOneByte(SerialProgram device, long iova) {
        device.writeEngine(SerialProgram.ADDRESS, 8, iova);
        device.writeEngine(SerialProgram.LENGTH, 4, 1);
        device.writeEngine(SerialProgram.COMMAND, 4, SerialProgram.START | SerialProgram.RECEIVE);
        while (device.readEngine(SerialProgram.STATUS) == SerialProgram.BUSY) {
            Thread.onSpinWait();
        }
        assertThat(device.readEngine(SerialProgram.STATUS)).isEqualTo(SerialProgram.DONE);
    }
}
