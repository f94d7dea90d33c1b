// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.exercise;

import org.vfio4j.Device;
import org.vfio4j.DeviceView;

/** Knows how to drive one kind of device. Stateless; found with {@link java.util.ServiceLoader}. */
public interface DeviceExercise {
    /** Name for people, for example {@code edu}. */
    String name();

    /** Whether it knows this device. */
    boolean drives(DeviceView device);

    /** Prepares an open device: enables its interrupt and lets it master the bus. */
    Session start(Device device);

    /** A prepared device. One thread at a time. */
    interface Session extends AutoCloseable {
        /** Most bytes one transfer can move. */
        int maxTransfer();

        /** First address above those the device can put on the bus. */
        default long addressLimit() {
            return 1L << 62;
        }

        /**
         * Makes the device read memory into its own buffer, and waits for it.
         *
         * @return false when the device reports that its access was refused
         */
        boolean fromMemory(long iova, int length) throws InterruptedException;

        /**
         * Makes the device write what it read last to memory, and waits for it.
         *
         * @return false when the device reports that its access was refused
         */
        boolean toMemory(long iova, int length) throws InterruptedException;

        /** How many interrupts have been taken since the session started. */
        long interruptsTaken();

        /** Disables the interrupt. */
        @Override
        void close();
    }
}
