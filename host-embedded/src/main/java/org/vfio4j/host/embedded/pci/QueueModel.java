// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.spi.pci.MappableArea;

/**
 * A device driven as storage and network controllers are: rings in memory, doorbells in a page that users map, messages for
 * completions, and a page of configuration registers whose accesses act. It copies, fills and sums up memory. Commands run on
 * the machine's device thread.
 */
final class QueueModel implements FunctionModel {
    private final FunctionInterrupts interrupts;
    private final Executor thread;
    private final Arena arena = Arena.ofShared();
    private final SharedRegisters registers;
    private final QueueCommands commands;
    private final QueuePair[] queues = new QueuePair[QueueLayout.QUEUES];
    private final Runnable[] turns = new Runnable[QueueLayout.QUEUES];
    private final AtomicBoolean[] scheduled = new AtomicBoolean[QueueLayout.QUEUES];

    /** Held while a queue has its turn, or is started or stopped; before {@link #registerLock} and the shared registers'. */
    private final ReentrantLock transferLock = new ReentrantLock();

    /** Guards what follows; a leaf. Queues' registers are written under the transfer lock as well. */
    private final ReentrantLock registerLock = new ReentrantLock();

    private final long[] submissionRings = new long[QueueLayout.QUEUES];
    private final long[] completionRings = new long[QueueLayout.QUEUES];
    private final int[] entries = new int[QueueLayout.QUEUES];
    private final int[] vectors = new int[QueueLayout.QUEUES];
    private int faults;
    private int events;

    /** Under the transfer lock. */
    private boolean closed;

    QueueModel(FunctionInterrupts interrupts, DeviceSlot slot, Executor thread) {
        this.interrupts = interrupts;
        this.thread = thread;
        this.commands = new QueueCommands(slot.dma());
        this.registers = slot.sharedRegisters(
                new SharedRegisters.Layout(QueueLayout.LENGTH, 0, QueueLayout.doorbells()), this::rung);
        for (int i = 0; i < QueueLayout.QUEUES; i++) {
            int number = i;
            var scratch = arena.allocate(QueueLayout.SUBMISSION_BYTES + QueueLayout.COMPLETION_BYTES, 64);
            queues[i] = new QueuePair(i, slot.dma(), registers, commands, scratch);
            turns[i] = () -> turn(number);
            scheduled[i] = new AtomicBoolean();
        }
    }

    private void rung(long offset, long before, long now) {
        int inPage = (int) offset - QueueLayout.DOORBELLS;
        int number = inPage / QueueLayout.QUEUE_STRIDE;
        if (inPage % QueueLayout.QUEUE_STRIDE == QueueLayout.TAIL) {
            queues[number].tail((int) now);
        } else {
            queues[number].head((int) now);
        }
        schedule(number);
    }

    private void schedule(int number) {
        if (!scheduled[number].getAndSet(true)) {
            thread.execute(turns[number]);
        }
    }

    private void turn(int number) {
        scheduled[number].set(false);
        var queue = queues[number];
        QueuePair.Turn came;
        transferLock.lock();
        try {
            if (closed) {
                return;
            }
            came = queue.work();
            note(commands.takeFaults() + queue.takeRingFaults(), came == QueuePair.Turn.FAILED ? 1 << number : 0);
        } finally {
            transferLock.unlock();
        }
        if (came == QueuePair.Turn.MORE) {
            schedule(number);
        }
        if (came == QueuePair.Turn.FAILED) {
            interrupts.deliver(0);
        } else if (came != QueuePair.Turn.IDLE) {
            interrupts.deliver(queue.vector());
        }
    }

    private void note(int refused, int happened) {
        registerLock.lock();
        try {
            faults += refused;
            events |= happened;
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public @Nullable SharedRegisters shared(int bar) {
        return bar == 0 ? registers : null;
    }

    @Override
    public List<MappableArea> mappable(int bar) {
        return List.of(new MappableArea(QueueLayout.DOORBELLS, QueueLayout.DOORBELLS_LENGTH));
    }

    private static boolean inDoorbells(long offset) {
        return offset >= QueueLayout.DOORBELLS && offset < QueueLayout.DOORBELLS + QueueLayout.DOORBELLS_LENGTH;
    }

    @Override
    public long read(int bar, long offset, int size) {
        if (inDoorbells(offset)) {
            return registers.read(offset, size);
        }
        if (offset >= QueueLayout.DOORBELLS) {
            return 0; // the vector table is the host's, nothing is ever pending
        }
        if (size < 4) {
            return -1;
        }
        int at = (int) offset;
        if (at < QueueLayout.QUEUE_REGISTERS) {
            return readDevice(at);
        }
        int number = (at - QueueLayout.QUEUE_REGISTERS) / QueueLayout.QUEUE_STRIDE;
        return number < QueueLayout.QUEUES ? readQueue(number, at % QueueLayout.QUEUE_STRIDE, size) : -1;
    }

    private long readDevice(int at) {
        registerLock.lock();
        try {
            return switch (at) {
                case QueueLayout.IDENTITY -> QueueLayout.IDENTITY_VALUE;
                case QueueLayout.CAPACITY -> QueueLayout.QUEUES | QueueLayout.LARGEST_RING_SHIFT << 8;
                case QueueLayout.FAULTS -> faults;
                case QueueLayout.EVENTS -> {
                    int seen = events;
                    events = 0;
                    yield seen;
                }
                default -> -1;
            };
        } finally {
            registerLock.unlock();
        }
    }

    private long readQueue(int number, int at, int size) {
        if (at == QueueLayout.CONTROL || at == QueueLayout.STATE) {
            transferLock.lock();
            try {
                int state = queues[number].state();
                return at == QueueLayout.STATE ? state : state & QueueLayout.STATE_ON;
            } finally {
                transferLock.unlock();
            }
        }
        registerLock.lock();
        try {
            return switch (at) {
                case QueueLayout.SUBMISSION_RING -> submissionRings[number];
                case QueueLayout.SUBMISSION_RING + 4 -> submissionRings[number] >>> 32;
                case QueueLayout.COMPLETION_RING -> completionRings[number];
                case QueueLayout.COMPLETION_RING + 4 -> completionRings[number] >>> 32;
                case QueueLayout.ENTRIES -> size == 8 ? -1 : entries[number];
                case QueueLayout.VECTOR -> vectors[number];
                default -> -1;
            };
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public void write(int bar, long offset, int size, long value) {
        if (inDoorbells(offset)) {
            registers.write(offset, size, value);
            return;
        }
        int number = (int) (offset - QueueLayout.QUEUE_REGISTERS) / QueueLayout.QUEUE_STRIDE;
        if (size < 4 || offset < QueueLayout.QUEUE_REGISTERS || number >= QueueLayout.QUEUES) {
            return;
        }
        int at = (int) offset % QueueLayout.QUEUE_STRIDE;
        boolean failed = false;
        transferLock.lock();
        try {
            if (closed) {
                return;
            }
            if (at == QueueLayout.CONTROL) {
                failed = control(number, (value & 1) != 0);
            } else if (!queues[number].on()) {
                configure(number, at, size, value);
            }
        } finally {
            transferLock.unlock();
        }
        if (failed) {
            interrupts.deliver(0);
        }
    }

    /** Switches a queue; the transfer lock is held, so no command of it is running. Answers whether it failed. */
    private boolean control(int number, boolean on) {
        var queue = queues[number];
        if (!on) {
            queue.stop();
            return false;
        }
        if (queue.on()) {
            return false;
        }
        boolean started =
                queue.start(submissionRings[number], completionRings[number], entries[number], vectors[number]);
        if (!started) {
            note(0, 1 << number);
        }
        return !started;
    }

    private void configure(int number, int at, int size, long value) {
        registerLock.lock();
        try {
            switch (at) {
                case QueueLayout.SUBMISSION_RING, QueueLayout.SUBMISSION_RING + 4 ->
                    submissionRings[number] = merge(submissionRings[number], at & 4, size, value);
                case QueueLayout.COMPLETION_RING, QueueLayout.COMPLETION_RING + 4 ->
                    completionRings[number] = merge(completionRings[number], at & 4, size, value);
                case QueueLayout.ENTRIES -> entries[number] = (int) value;
                case QueueLayout.VECTOR -> vectors[number] = (int) value;
                default -> {
                    // Not a register, or a read-only one.
                }
            }
        } finally {
            registerLock.unlock();
        }
    }

    private static long merge(long old, int half, int size, long value) {
        if (size == 8) {
            return value;
        }
        long low = value & 0xffff_ffffL;
        return half == 0 ? (old & ~0xffff_ffffL) | low : (old & 0xffff_ffffL) | low << 32;
    }

    @Override
    public void reset() {
        transferLock.lock();
        try {
            for (var queue : queues) {
                queue.stop();
            }
            registers.clear();
            registerLock.lock();
            try {
                for (int i = 0; i < QueueLayout.QUEUES; i++) {
                    submissionRings[i] = 0;
                    completionRings[i] = 0;
                    entries[i] = 0;
                    vectors[i] = 0;
                }
                faults = 0;
                events = 0;
            } finally {
                registerLock.unlock();
            }
        } finally {
            transferLock.unlock();
        }
    }

    @Override
    public void close() {
        transferLock.lock();
        try {
            if (!closed) {
                closed = true;
                registers.close();
                commands.close();
                arena.close();
            }
        } finally {
            transferLock.unlock();
        }
    }
}
