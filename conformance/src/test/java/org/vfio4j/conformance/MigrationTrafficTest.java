// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.uapi.Errno;

/**
 * A port that is migrated to and fro while one thread sends bytes through it and another receives them: they arrive in
 * order, none lost and none twice. Spec: core §12, mdev §9.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MigrationTrafficTest extends SerialTestCase {
    private static final int MIGRATIONS = 40;
    private static final int BYTES_BETWEEN = 40;
    private static final int DATA_REGISTER = 0;

    /** What the port holds. */
    private static final int FIFO = 16;

    /** Where the port is now: index into the two devices, and how often it moved. */
    private final ReentrantLock moveLock = new ReentrantLock();

    private final Condition moved = moveLock.newCondition();
    private int moves;

    private final Semaphore room = new Semaphore(FIFO);
    private final Semaphore sent = new Semaphore(0);

    /** Bytes received since the last migration. */
    private final Semaphore flowed = new Semaphore(0);

    /** Set when the last migration is done: the sender stops. */
    private volatile boolean finished;

    private int moves() {
        moveLock.lock();
        try {
            return moves;
        } finally {
            moveLock.unlock();
        }
    }

    private void awaitMoveAfter(int known) throws InterruptedException {
        moveLock.lock();
        try {
            while (moves == known) {
                moved.await();
            }
        } finally {
            moveLock.unlock();
        }
    }

    private void announceMove() {
        moveLock.lock();
        try {
            moves++;
            moved.signalAll();
        } finally {
            moveLock.unlock();
        }
    }

    /** An access to the port wherever it is; one that a stopped device refuses is made again when the port has moved. */
    private interface Access {
        long make(SerialProgram where);
    }

    private long everywhere(SerialProgram[] devices, Access access) throws InterruptedException {
        while (true) {
            int known = moves();
            long result = access.make(devices[known % 2]);
            if (result != UapiSystem.refusal(Errno.EFAULT)) {
                return require("access to the port", result);
            }
            awaitMoveAfter(known);
        }
    }

    private SerialProgram[] programs(long[] files) {
        return new SerialProgram[] {new SerialProgram(system, files[0]), new SerialProgram(system, files[1])};
    }

    private long send(SerialProgram[] devices) {
        long count = 0;
        try {
            while (true) {
                room.acquire();
                // The last permit only ends the wait: there is no room behind it.
                if (finished) {
                    return count;
                }
                int value = (int) (count * 31 + count / 256);
                everywhere(devices, device -> device.write(0, DATA_REGISTER, value));
                count++;
                sent.release();
            }
        } catch (InterruptedException e) {
            throw new AssertionError("the sender was interrupted", e);
        }
    }

    private long receive(SerialProgram[] devices, CompletableFuture<Long> sender) {
        long count = 0;
        try {
            while (!sender.isDone() || count < sender.join()) {
                if (!sent.tryAcquire(10, TimeUnit.MILLISECONDS)) {
                    continue;
                }
                long value = everywhere(devices, device -> device.read(0, DATA_REGISTER));
                assertThat(value).as("byte %d", count).isEqualTo((count * 31 + count / 256) & 0xff);
                count++;
                room.release();
                flowed.release();
            }
        } catch (InterruptedException e) {
            throw new AssertionError("the receiver was interrupted", e);
        }
        return count;
    }

    @Test
    void shouldLoseNothingAndDoubleNothing() {
        long[] files = {bound(DUAL), bound(OTHER_DUAL)};
        var devices = programs(files);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            var senders = programs(files);
            var receivers = programs(files);
            var sender = CompletableFuture.supplyAsync(() -> send(senders), threads);
            var receiver = CompletableFuture.supplyAsync(() -> receive(receivers, sender), threads);
            try {
                for (int i = 0; i < MIGRATIONS; i++) {
                    awaitTraffic(receiver);
                    migrate(devices[i % 2], devices[(i + 1) % 2], i % 3);
                    announceMove();
                }
            } finally {
                finished = true;
                room.release();
            }
            assertThat(receiver.join()).isEqualTo(sender.join()).isGreaterThanOrEqualTo(MIGRATIONS * BYTES_BETWEEN);
        }
        assertThat(devices[MIGRATIONS % 2].read(0, 5) & 0x63)
                .as("line status: empty, never overrun")
                .isEqualTo(0x60);
    }

    /** Bytes flow before the next migration begins, more than the port holds. */
    private void awaitTraffic(CompletableFuture<Long> receiver) {
        try {
            while (!flowed.tryAcquire(BYTES_BETWEEN, 100, TimeUnit.MILLISECONDS)) {
                if (receiver.isDone()) {
                    throw new AssertionError("the receiver ended after " + receiver.join() + " bytes");
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("the test was interrupted", e);
        }
    }

    private static void migrate(SerialProgram source, SerialProgram target, int way) {
        var data = new ByteArrayOutputStream();
        long saved;
        if (way == 0) {
            saved = source.session(VFIO_DEVICE_STATE_STOP_COPY);
        } else {
            saved = source.session(VFIO_DEVICE_STATE_PRE_COPY);
            data.writeBytes(source.drain(saved));
            if (way == 2) {
                require("SET_STATE", source.setState(VFIO_DEVICE_STATE_PRE_COPY_P2P));
                data.writeBytes(source.drain(saved));
            }
            require("SET_STATE", source.setState(VFIO_DEVICE_STATE_STOP_COPY));
        }
        data.writeBytes(source.drain(saved));
        target.loadAll(target.session(VFIO_DEVICE_STATE_RESUMING), data.toByteArray());
        require("SET_STATE", target.setState(VFIO_DEVICE_STATE_RUNNING_P2P));
        require("SET_STATE", target.setState(VFIO_DEVICE_STATE_RUNNING));
    }
}
