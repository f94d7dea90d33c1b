// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.wrong;

/** Wrong on purpose: an implementation with static mutable state. */
public class SpiWithImplementation {
    private static int count;

    private final int number = next();

    private static int next() {
        return ++count;
    }

    /** A number of its own. */
    public int number() {
        return number;
    }
}
