// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Whether a function's memory can be reached, and who is using it (kernel: {@code memory_lock},
 * {@code __vfio_pci_memory_enabled}, {@code vfio_pci_zap_bars}). Accesses enter for reading; what takes memory away, or
 * resets the function, enters exclusively and so waits for them. Spec: pci §3.4, §9.3.6, §11.3.
 */
final class DeviceMemory {
    private final PciFunction function;

    /** The memory lock: after the configuration lock, before {@link #mappingsLock}. */
    private final ReentrantReadWriteLock memoryLock = new ReentrantReadWriteLock();

    /** Guards the mappings' views and the list of mappings; leaf. */
    private final ReentrantLock mappingsLock = new ReentrantLock();

    private final List<BarMapping> mappings = new ArrayList<>();

    /** Whether the user believes memory decoding is on; functions without that bit always decode. */
    private volatile boolean decoding = true;

    /** Whether the function is in D3hot. */
    private volatile boolean asleep;

    /** Whether mappings are shown; written under the memory lock. */
    private boolean shown = true;

    /** Whether the user has given the function to low power, so that mappings stay away. */
    private volatile boolean lowPower;

    DeviceMemory(PciFunction function) {
        this.function = function;
    }

    void decoding(boolean on) {
        decoding = on || function.physicalFunction() != null;
    }

    void asleep(boolean on) {
        asleep = on;
    }

    void lowPower(boolean on) {
        lowPower = on;
    }

    /** Whether registers in memory space answer; the lock is held in either way. */
    boolean accessible() {
        return decoding && !asleep;
    }

    /** Whether a touched mapping may be filled; the lock is held in either way. */
    boolean mappable() {
        return accessible() && !lowPower;
    }

    void enterRead() {
        memoryLock.readLock().lock();
    }

    void leaveRead() {
        memoryLock.readLock().unlock();
    }

    /**
     * Waits until no access is running and keeps others out.
     *
     * @throws VfioException EDEADLK when this very thread is in an access: an interrupt listener, called by a register
     *     write, that tries to switch the memory off
     */
    void enterExclusive() {
        if (!memoryLock.isWriteLockedByCurrentThread() && memoryLock.getReadHoldCount() > 0) {
            throw new VfioException(
                    Errno.EDEADLK,
                    function.name() + ": memory cannot be taken away by a listener that runs inside an access to it");
        }
        memoryLock.writeLock().lock();
    }

    /** Shows or hides the mappings of programs as the state now wants it, and lets others in. */
    void leaveExclusive() {
        try {
            if (memoryLock.getWriteHoldCount() == 1) {
                settle();
            }
        } finally {
            memoryLock.writeLock().unlock();
        }
    }

    /** Shows or hides the mappings of programs as the state now wants it; entered exclusively. */
    void settle() {
        if (shown != mappable()) {
            shown = !shown;
            function.showMappings(shown);
        }
    }

    /** The state of a function just opened: whatever its last user left, mappings are shown as the state wants it. */
    void begin() {
        enterExclusive();
        try {
            shown = mappable();
            function.showMappings(shown);
        } finally {
            leaveExclusive();
        }
    }

    ReentrantLock mappingsLock() {
        return mappingsLock;
    }

    void add(BarMapping mapping) {
        mappingsLock.lock();
        try {
            mappings.add(mapping);
        } finally {
            mappingsLock.unlock();
        }
    }

    void remove(BarMapping mapping) {
        mappingsLock.lock();
        try {
            mappings.remove(mapping);
        } finally {
            mappingsLock.unlock();
        }
    }

    /**
     * Takes the views of all mappings in this process away; entered exclusively. They come back when asked for again. Those of
     * other processes stay through a reset, which they would wait for in a kernel, and are hidden when this is left if the
     * memory is off by then.
     */
    void revokeMappings() {
        mappingsLock.lock();
        try {
            mappings.forEach(BarMapping::revoke);
        } finally {
            mappingsLock.unlock();
        }
    }
}
