// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Vectors of MSI or MSI-X while that index is active. Changes are serialised by {@link Interrupts}; delivery is not, reads
 * one reference and signals. Spec: pci §12 MSI/MSIX.
 */
final class MessageInterrupts {
    private final PciFunction function;
    private final boolean extended;
    private final AtomicReferenceArray<@Nullable EventFile> triggers;

    private MessageInterrupts(PciFunction function, boolean extended, int vectors) {
        this.function = function;
        this.extended = extended;
        this.triggers = new AtomicReferenceArray<>(vectors);
    }

    /** Answer of {@link #enable}: the active vectors, or how many could be had. */
    record Enabled(@Nullable MessageInterrupts interrupts, int available) {}

    static Enabled enable(PciFunction function, boolean extended, int vectors) {
        if (vectors <= 0) {
            throw new VfioException(Errno.ERANGE, function.name() + ": 0 vectors cannot be enabled");
        }
        var interrupts = new MessageInterrupts(function, extended, vectors);
        int available = function.enableMsi(vectors, extended, interrupts::delivered);
        return new Enabled(available < vectors ? null : interrupts, available);
    }

    boolean extended() {
        return extended;
    }

    int vectors() {
        return triggers.length();
    }

    private void delivered(int vector) {
        signal(vector);
    }

    /**
     * Sets vectors of a range. When one fails, those from the start to the failing one are cleared.
     *
     * @throws VfioException EINVAL beyond the vectors enabled, EBADF and EINVAL for bad event files
     */
    void set(int start, List<IrqSet.Slot> slots) {
        if (start + slots.size() > vectors()) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": vector " + (start + slots.size() - 1) + " was asked for, " + vectors()
                            + " are enabled");
        }
        for (int i = 0; i < slots.size(); i++) {
            try {
                triggers.set(start + i, slots.get(i).event());
            } catch (VfioException e) {
                for (int clear = start; clear <= start + i; clear++) {
                    triggers.set(clear, null);
                }
                throw e;
            }
        }
    }

    /** Signals a vector as its interrupt would; one without event file is skipped. */
    void signal(int vector) {
        var trigger = triggers.get(vector);
        if (trigger != null) {
            trigger.signal();
        }
    }

    /** Ends delivery: afterwards no event file is signalled. */
    void disable() {
        function.disableMsi();
        for (int vector = 0; vector < vectors(); vector++) {
            triggers.set(vector, null);
        }
    }
}
