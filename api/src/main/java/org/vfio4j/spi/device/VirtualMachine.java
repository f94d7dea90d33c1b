// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * A virtual machine a device is given to, as its monitor presents it (kernel: {@code struct kvm}). Identity is object
 * identity. Thread-safe. Spec: core EXT-2.
 */
public interface VirtualMachine {
    /**
     * Takes a reference.
     *
     * @return false when the machine is going away already
     */
    boolean tryGet();

    /** Gives a reference back. */
    void put();
}
