// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.model.DmaPort;

/**
 * The educational device that QEMU documents as {@code edu}, register by register. Transfers and factorials run on the
 * machine's device thread. One bit is ours: {@link #STATUS_DMA_FAULT}, because QEMU's device cannot tell that the IOMMU
 * refused it. Spec: pci §21 S01.
 */
final class EduModel implements FunctionModel {
    static final long LENGTH = 1 << 20;
    static final int IDENTIFICATION = 0x010000ed;
    static final long DEFAULT_DMA_MASK = (1L << 28) - 1;

    static final int REG_IDENTIFICATION = 0x00;
    static final int REG_LIVENESS = 0x04;
    static final int REG_FACTORIAL = 0x08;
    static final int REG_STATUS = 0x20;
    static final int REG_IRQ_STATUS = 0x24;
    static final int REG_IRQ_RAISE = 0x60;
    static final int REG_IRQ_ACK = 0x64;
    static final int REG_DMA_SOURCE = 0x80;
    static final int REG_DMA_DESTINATION = 0x88;
    static final int REG_DMA_COUNT = 0x90;
    static final int REG_DMA_COMMAND = 0x98;

    static final int STATUS_COMPUTING = 0x01;
    static final int STATUS_IRQ_WHEN_COMPUTED = 0x80;
    /** The last transfer was refused by the IOMMU or did not fit the buffer; a new transfer clears it. */
    static final int STATUS_DMA_FAULT = 0x100;

    static final int DMA_START = 0x1;
    static final int DMA_TO_MEMORY = 0x2;
    static final int DMA_IRQ = 0x4;

    static final int IRQ_FACTORIAL = 0x001;
    static final int IRQ_DMA = 0x100;

    /** Where the device's buffer is in its own address space. */
    static final long BUFFER_ADDRESS = 0x40000;

    static final int BUFFER_LENGTH = 4096;

    /** From 34 on, n! is a multiple of 2 to the 32nd. */
    private static final int FACTORIAL_VANISHES = 34;

    private final FunctionInterrupts interrupts;
    private final DmaPort dma;
    private final Executor thread;
    private final long dmaMask;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_LENGTH, BUFFER_LENGTH);

    /** Held while a transfer runs, so that reset and close wait for it; taken before {@link #registerLock}. */
    private final ReentrantLock transferLock = new ReentrantLock();

    /** Guards the registers; before the interrupt lock only, never held while a handler runs. */
    private final ReentrantLock registerLock = new ReentrantLock();

    /** The steps as objects made once: starting a transfer allocates nothing here. */
    private final Runnable transferStep = this::transfer;

    private final Runnable factorialStep = this::computeFactorial;

    private int liveness;
    private int factorial;
    private int status;
    private int irqStatus;
    private long source;
    private long destination;
    private long count;
    private long command;
    private boolean closed;

    EduModel(FunctionInterrupts interrupts, DmaPort dma, Executor thread, long dmaMask) {
        this.interrupts = interrupts;
        this.dma = dma;
        this.thread = thread;
        this.dmaMask = dmaMask;
    }

    private static boolean sizeAllowed(long offset, int size) {
        return size == 4 || (size == 8 && offset >= 0x80);
    }

    @Override
    public long read(int bar, long offset, int size) {
        if (!sizeAllowed(offset, size)) {
            return -1;
        }
        registerLock.lock();
        try {
            return switch ((int) offset) {
                case REG_IDENTIFICATION -> IDENTIFICATION;
                case REG_LIVENESS -> liveness;
                case REG_FACTORIAL -> factorial;
                case REG_STATUS -> status;
                case REG_IRQ_STATUS -> irqStatus;
                case REG_DMA_SOURCE -> source;
                case REG_DMA_DESTINATION -> destination;
                case REG_DMA_COUNT -> count;
                case REG_DMA_COMMAND -> command;
                default -> -1;
            };
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public void write(int bar, long offset, int size, long value) {
        if (!sizeAllowed(offset, size)) {
            return;
        }
        long written = size == 4 ? value & 0xffff_ffffL : value;
        Runnable step = null;
        boolean raise = false;
        registerLock.lock();
        try {
            switch ((int) offset) {
                case REG_LIVENESS -> liveness = ~(int) written;
                case REG_FACTORIAL -> {
                    if ((status & STATUS_COMPUTING) == 0) {
                        factorial = (int) written;
                        status |= STATUS_COMPUTING;
                        step = factorialStep;
                    }
                }
                case REG_STATUS ->
                    status = (status & ~STATUS_IRQ_WHEN_COMPUTED) | ((int) written & STATUS_IRQ_WHEN_COMPUTED);
                case REG_IRQ_RAISE -> {
                    irqStatus |= (int) written;
                    raise = irqStatus != 0;
                    if (raise) {
                        interrupts.assertLine();
                    }
                }
                case REG_IRQ_ACK -> acknowledge((int) written);
                case REG_DMA_SOURCE -> source = unlessBusy(source, written);
                case REG_DMA_DESTINATION -> destination = unlessBusy(destination, written);
                case REG_DMA_COUNT -> count = unlessBusy(count, written);
                case REG_DMA_COMMAND -> {
                    if ((written & DMA_START) != 0 && (command & DMA_START) == 0) {
                        command = written;
                        status &= ~STATUS_DMA_FAULT;
                        step = transferStep;
                    }
                }
                default -> {
                    // Not a register, or a read-only one.
                }
            }
        } finally {
            registerLock.unlock();
        }
        if (raise) {
            interrupts.deliver(0);
        }
        if (step != null) {
            thread.execute(step);
        }
    }

    private long unlessBusy(long old, long written) {
        return (command & DMA_START) != 0 ? old : written;
    }

    private void acknowledge(int causes) {
        irqStatus &= ~causes;
        if (irqStatus == 0) {
            // Under the register lock, as raising is: the line's level always agrees with the register.
            interrupts.lower();
        }
    }

    private void raise(int cause) {
        registerLock.lock();
        try {
            irqStatus |= cause;
            interrupts.assertLine();
        } finally {
            registerLock.unlock();
        }
        interrupts.deliver(0);
    }

    private void computeFactorial() {
        boolean raise;
        registerLock.lock();
        try {
            if ((status & STATUS_COMPUTING) == 0) {
                return;
            }
            int result = Integer.compareUnsigned(factorial, FACTORIAL_VANISHES) >= 0 ? 0 : 1;
            for (int n = factorial; result != 0 && n > 1; n--) {
                result *= n;
            }
            factorial = result;
            status &= ~STATUS_COMPUTING;
            raise = (status & STATUS_IRQ_WHEN_COMPUTED) != 0;
        } finally {
            registerLock.unlock();
        }
        if (raise) {
            raise(IRQ_FACTORIAL);
        }
    }

    private void transfer() {
        boolean raise;
        transferLock.lock();
        try {
            long from;
            long to;
            long length;
            boolean toMemory;
            registerLock.lock();
            try {
                if (closed || (command & DMA_START) == 0) {
                    return;
                }
                from = source;
                to = destination;
                length = count;
                toMemory = (command & DMA_TO_MEMORY) != 0;
                raise = (command & DMA_IRQ) != 0;
            } finally {
                registerLock.unlock();
            }
            boolean moved = toMemory ? toMemory(from, to & dmaMask, length) : fromMemory(from & dmaMask, to, length);
            registerLock.lock();
            try {
                command &= ~DMA_START;
                if (!moved) {
                    status |= STATUS_DMA_FAULT;
                }
            } finally {
                registerLock.unlock();
            }
        } finally {
            transferLock.unlock();
        }
        if (raise) {
            raise(IRQ_DMA);
        }
    }

    private boolean fromMemory(long iova, long inDevice, long length) {
        return inBuffer(inDevice, length) && dma.read(iova, buffer, inDevice - BUFFER_ADDRESS, length);
    }

    private boolean toMemory(long inDevice, long iova, long length) {
        return inBuffer(inDevice, length) && dma.write(iova, buffer, inDevice - BUFFER_ADDRESS, length);
    }

    private static boolean inBuffer(long address, long length) {
        long offset = address - BUFFER_ADDRESS;
        return offset >= 0 && offset <= BUFFER_LENGTH && length >= 0 && length <= BUFFER_LENGTH - offset;
    }

    @Override
    public void reset() {
        transferLock.lock();
        try {
            registerLock.lock();
            try {
                liveness = 0;
                factorial = 0;
                status = 0;
                irqStatus = 0;
                source = 0;
                destination = 0;
                count = 0;
                command = 0;
                interrupts.lower();
            } finally {
                registerLock.unlock();
            }
            if (!closed) {
                buffer.fill((byte) 0);
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
                arena.close();
            }
        } finally {
            transferLock.unlock();
        }
    }
}
