// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.util.List;

/** A bus type with the devices found on it (kernel: {@code struct bus_type}). Thread-safe. */
public interface Bus {
    /** Name as under {@code /sys/bus}: {@code pci}, {@code mdev}, {@code fsl-mc}. */
    String name();

    /** Devices present now, in topology order. */
    List<BusDevice> devices();

    /** Names of the native drivers this host has for the bus; binding one makes the host itself own the device. */
    List<String> nativeDrivers();

    /** Reports devices that come and go until the handle is closed. Devices present now are not reported. */
    AutoCloseable listen(Listener listener);

    /** Told about hot-plug, by the thread that caused it, with no host lock held. */
    interface Listener {
        /** A device has appeared. */
        void added(BusDevice device);

        /** A device is about to go; returns when the listener's driver has let go of it. */
        void removing(BusDevice device);

        /**
         * A device has gone: it is among {@link Bus#devices()} no more. A driver that was given it after {@link #removing} lets go
         * of it now; no other can be given it.
         */
        default void removed(BusDevice device) {}
    }
}
