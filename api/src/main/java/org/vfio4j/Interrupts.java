// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import org.vfio4j.spi.device.IrqInfo;

/** One interrupt index of an open device (INTx, MSI, MSI-X, ...). Thread-safe. Spec: core HP-2, pci §12. */
public interface Interrupts {
    /** GET_IRQ_INFO. */
    IrqInfo info();

    /**
     * Enables vectors 0 to count-1.
     *
     * @throws org.vfio4j.uapi.VfioException the driver's errno; ENOSPC when the host grants fewer
     */
    Interrupt[] enable(int count);

    /** Enables vector 0 only. */
    default Interrupt enable() {
        return enable(1)[0];
    }

    /** Disables the whole index. */
    void disable();

    /** Masks a vector. */
    void mask(int vector);

    /** Unmasks a vector. */
    void unmask(int vector);

    /** Signals a vector by software, as if the device had. */
    void trigger(int vector);
}
