// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

/**
 * A device found by name, kept from being unregistered until it is opened or the hold is closed. One thread. Spec: core
 * GR-11, P-9.
 */
public final class DeviceHold implements AutoCloseable {
    private final CoreDevice device;
    private boolean held = true;

    DeviceHold(CoreDevice device) {
        this.device = device;
    }

    /** The device. */
    public CoreDevice device() {
        return device;
    }

    /** The hold now belongs to the device file. */
    void transfer() {
        held = false;
    }

    @Override
    public void close() {
        if (held) {
            held = false;
            device.registration().put();
        }
    }
}
