// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.pci.PciResource;

/**
 * A function whose registers are plain memory: what is written is read back, nothing else happens. It stands for devices of
 * which only configuration space is known. Registers in memory space can be mapped. Memory is taken when a register is first
 * touched; registers above {@link #LARGEST} bytes have none and read all ones.
 */
final class MemoryModel implements FunctionModel {
    /** Largest register that gets memory, in bytes. */
    static final long LARGEST = 64L << 20;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** In the file of a PCI device regions start at multiples of 2^40 (kernel: {@code VFIO_PCI_OFFSET_SHIFT}). */
    private static final int REGION_SHIFT = 40;

    private final List<PciResource> resources;

    /** Guards the taking of memory and the end of it; leaf lock. */
    private final ReentrantLock memoryLock = new ReentrantLock();

    /** Replaced, never changed, under {@link #memoryLock}. */
    private volatile @Nullable RegisterMemory[] registers = new @Nullable RegisterMemory[6];

    private boolean closed;

    MemoryModel(List<PciResource> resources) {
        this.resources = resources;
    }

    @Override
    public @Nullable MemorySegment memory(int bar) {
        return inMemorySpace(bar) ? segment(bar) : null;
    }

    @Override
    public @Nullable MemorySegment map(int bar, Arena lifetime) {
        var register = inMemorySpace(bar) ? register(bar) : null;
        return register == null ? null : register.map(lifetime);
    }

    @Override
    public @Nullable FileRange file(int bar) {
        var register = inMemorySpace(bar) ? register(bar) : null;
        return register == null ? null : register.range();
    }

    private boolean inMemorySpace(int bar) {
        return bar < 6 && resources.get(bar).kind() == PciResource.Kind.MEMORY;
    }

    private @Nullable MemorySegment segment(int bar) {
        var register = register(bar);
        return register == null ? null : register.pages();
    }

    private @Nullable RegisterMemory register(int bar) {
        if (bar >= 6) {
            return null;
        }
        var register = registers[bar];
        return register != null ? register : take(bar);
    }

    private @Nullable RegisterMemory take(int bar) {
        long length = resources.get(bar).length();
        if (length == 0 || length > LARGEST) {
            return null;
        }
        memoryLock.lock();
        try {
            if (closed || registers[bar] != null) {
                return registers[bar];
            }
            var next = registers.clone();
            next[bar] = RegisterMemory.take(length, (long) bar << REGION_SHIFT);
            registers = next;
            return next[bar];
        } finally {
            memoryLock.unlock();
        }
    }

    @Override
    public long read(int bar, long offset, int size) {
        var memory = segment(bar);
        if (memory == null) {
            return -1;
        }
        return switch (size) {
            case 1 -> memory.get(ValueLayout.JAVA_BYTE, offset);
            case 2 -> memory.get(SHORT, offset);
            case 4 -> memory.get(INT, offset);
            default -> memory.get(LONG, offset);
        };
    }

    @Override
    public void write(int bar, long offset, int size, long value) {
        var memory = segment(bar);
        if (memory == null) {
            return;
        }
        switch (size) {
            case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
            case 2 -> memory.set(SHORT, offset, (short) value);
            case 4 -> memory.set(INT, offset, (int) value);
            default -> memory.set(LONG, offset, value);
        }
    }

    @Override
    public void reset() {
        for (var register : registers) {
            if (register != null) {
                register.clear();
            }
        }
    }

    @Override
    public void close() {
        memoryLock.lock();
        try {
            closed = true;
            for (var register : registers) {
                if (register != null) {
                    register.close();
                }
            }
            registers = new @Nullable RegisterMemory[6];
        } finally {
            memoryLock.unlock();
        }
    }
}
