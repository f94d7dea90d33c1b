// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.model.Doorbell;
import org.vfio4j.spi.model.SharedRegisters;

/** The thread that looks for doorbells. */
class DoorbellPollerTest {
    private static final long PATIENCE_SECONDS = 60;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final DoorbellPoller poller = new DoorbellPoller("test");
    private final BlockingQueue<Long> rings = new ArrayBlockingQueue<>(1000);
    private final RegisterMemory registers = new RegisterMemory(
            new SharedRegisters.Layout(0x1000, 0, List.of(new Doorbell(0, 4))),
            (offset, before, now) -> rings.add(now),
            poller);

    @AfterEach
    void close() {
        poller.close();
        registers.close();
    }

    @Test
    void shouldFindStoresThroughMappings() throws InterruptedException {
        registers.beginMapping();
        try (var arena = Arena.ofShared()) {
            var mapped = registers.map(arena);
            for (int value = 1; value < 100; value++) {
                INT.setRelease(mapped, 0L, value);
                assertThat(rings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(value);
            }
        }
        registers.endMapping();
    }

    @Test
    void shouldRunOnlyWhileSomethingWithDoorbellsIsMapped() throws InterruptedException {
        var plain = new RegisterMemory(new SharedRegisters.Layout(0x1000, 0, List.of()), (o, b, n) -> {}, poller);
        plain.beginMapping();
        assertThat(poller.running()).as("without doorbells").isFalse();
        registers.beginMapping();
        registers.beginMapping();
        assertThat(poller.running()).isTrue();
        registers.endMapping();
        assertThat(poller.running()).isTrue();
        registers.endMapping();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (poller.running() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(poller.running()).as("after the last mapping").isFalse();
        registers.beginMapping();
        assertThat(poller.running()).as("again").isTrue();
        registers.endMapping();
        plain.close();
    }

    @Test
    void shouldGoOnWhenAModelFails() throws InterruptedException {
        var failed = new AtomicBoolean();
        var bad = new RegisterMemory(
                new SharedRegisters.Layout(0x1000, 0, List.of(new Doorbell(0, 4))),
                (offset, before, now) -> {
                    failed.set(true);
                    throw new IllegalStateException("a defect of this model");
                },
                poller);
        bad.beginMapping();
        registers.beginMapping();
        try (var arena = Arena.ofShared()) {
            INT.setRelease(bad.map(arena), 0L, 1);
            INT.setRelease(registers.map(arena), 0L, 1);
            assertThat(rings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
            INT.setRelease(registers.map(arena), 0L, 2);
            assertThat(rings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(2);
        }
        assertThat(failed).isTrue();
        bad.close();
        registers.endMapping();
    }

    @Test
    void shouldGoOnWhenAModelFailsWithAnError() throws InterruptedException {
        var failed = new CountDownLatch(1);
        var bad = new RegisterMemory(
                new SharedRegisters.Layout(0x1000, 0, List.of(new Doorbell(0, 4))),
                (offset, before, now) -> {
                    failed.countDown();
                    throw new NoClassDefFoundError("a class this model lacks");
                },
                poller);
        bad.beginMapping();
        registers.beginMapping();
        try (var arena = Arena.ofShared()) {
            INT.setRelease(bad.map(arena), 0L, 1);
            assertThat(failed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            INT.setRelease(registers.map(arena), 0L, 1);
            assertThat(rings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("the ring of another device")
                    .isEqualTo(1);
        }
        bad.close();
        registers.endMapping();
    }

    /**
     * A user stores ever larger values, the device counts in another word, and a driver takes the registers away and resets
     * the user's view all the time: the device always finds what it wrote last, and the value stored last is rung.
     */
    @Test
    void shouldLoseNothingTheDeviceWroteAndRingTheLastValueWhileMappingsComeAndGo() throws InterruptedException {
        var told = new AtomicLong();
        var order = new AtomicBoolean(true);
        var stressed = new RegisterMemory(
                new SharedRegisters.Layout(0x2000, 1L << 40, List.of(new Doorbell(0x100, 4))),
                (offset, before, now) -> order.compareAndSet(true, told.getAndSet(now) == before),
                poller);
        var driverLock = new ReentrantReadWriteLock();
        var done = new AtomicBoolean();
        var wrong = new AtomicLong();
        var device = Thread.ofPlatform().start(() -> {
            for (int count = 1; !done.get(); count++) {
                stressed.set(0x1000, 4, count);
                if (stressed.read(0x1000, 4) != count) {
                    wrong.incrementAndGet();
                }
            }
        });
        stressed.beginMapping();
        var user = Thread.ofPlatform().start(() -> store(stressed, driverLock, done));
        for (int round = 0; round < 500; round++) {
            driverLock.writeLock().lock();
            try {
                stressed.show(false);
                stressed.show(true);
            } finally {
                driverLock.writeLock().unlock();
            }
            if (round % 10 == 0) {
                stressed.beginMapping();
                stressed.endMapping();
            }
        }
        done.set(true);
        device.join();
        user.join();
        long last = stressed.read(0x100, 4);
        stressed.endMapping();
        assertThat(wrong).as("device writes that were lost").hasValue(0);
        assertThat(told).as("the last value stored").hasValue(last);
        assertThat(last).isPositive();
        assertThat(order).as("every ring began where the one before ended").isTrue();
        stressed.close();
    }

    /** As a driver lets a user of this process: a view of its own, closed before the registers are taken away. */
    private static void store(RegisterMemory registers, ReentrantReadWriteLock driverLock, AtomicBoolean done) {
        int value = 0;
        while (!done.get()) {
            driverLock.readLock().lock();
            try (var arena = Arena.ofShared()) {
                MemorySegment mapped = registers.map(arena);
                for (int i = 0; i < 100; i++) {
                    INT.setRelease(mapped, 0x100L, ++value);
                }
            } finally {
                driverLock.readLock().unlock();
            }
        }
    }
}
