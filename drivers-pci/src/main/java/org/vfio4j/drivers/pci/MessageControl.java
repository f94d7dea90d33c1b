// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * What the MSI capability has to know of the interrupts the user set up: written when MSI is enabled and disabled, read by
 * configuration writes. Thread-safe.
 */
final class MessageControl {
    private volatile boolean active;
    private volatile int largestQueue;

    /** Whether MSI is the active interrupt index. */
    boolean active() {
        return active;
    }

    /** Log2 of the largest number of vectors the user may program; 0 until MSI was enabled. */
    int largestQueue() {
        return largestQueue;
    }

    void enabled(int vectors) {
        largestQueue = 32 - Integer.numberOfLeadingZeros(vectors - 1);
        active = true;
    }

    void disabled() {
        active = false;
    }
}
