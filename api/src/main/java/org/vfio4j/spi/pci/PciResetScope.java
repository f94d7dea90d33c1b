// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import java.util.List;

/**
 * Functions that are reset together: a hot-plug slot, or a bus below a bridge (kernel: what {@code pci_reset_bus} acts on).
 * Compared by identity, and the same object for all functions of a slot or bus. Thread-safe. Spec: pci §3, §14.1.
 */
public interface PciResetScope {
    /**
     * Every function a reset affects, now: those in the slot or on the bus, each followed by what is below it. Bridges,
     * physical and virtual functions are among them, whoever drives them.
     */
    List<PciFunction> affected();

    /**
     * Resets them all. What a device holds in itself is lost; configuration, with the state of message-signalled
     * interrupts, is saved and restored around it for each function.
     *
     * @throws org.vfio4j.uapi.VfioException ENOTTY when that cannot be done, EAGAIN when a function is locked: nothing was
     *     reset then; or the errno of hardware that does not come back
     */
    void reset();
}
