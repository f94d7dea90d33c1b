// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

/**
 * A device model's ear for its doorbells. What a program wrote to memory before it wrote the doorbell is visible to the
 * model when it is told.
 *
 * <p>A write by a call (pwrite, ioeventfd, {@link org.vfio4j.Region}) rings before the call returns, once, also when it
 * writes the value that was there. A store through a mapping is found a moment later by comparing: <em>several stores
 * between two looks are one ring with the last value, and a store of the value the model was told last is none.</em> That
 * suits registers that carry a position, such as the tail of a queue, and nothing that counts writes.
 *
 * <p>The rings of one {@link SharedRegisters} come one after the other, on the thread of the caller or one of the machine,
 * and while a lock is held: the listener notes the value and hands the work to a thread of its own. It must not block,
 * raise interrupts or access memory; it may read and {@link SharedRegisters#set} the registers.
 */
@FunctionalInterface
public interface DoorbellListener {
    /**
     * A doorbell was written.
     *
     * @param offset the doorbell's
     * @param before the value the model was told last, or set itself; zero-extended
     * @param now the value there now, zero-extended
     */
    void rung(long offset, long before, long now);
}
