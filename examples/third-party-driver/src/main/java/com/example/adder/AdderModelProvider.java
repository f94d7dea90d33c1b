// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.util.Map;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.model.DeviceModelProvider;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Lets the embedded machine have adders: model {@code adder} on a bus of its own, {@code acme}. */
public final class AdderModelProvider implements DeviceModelProvider {
    static final String BUS = "acme";

    /** For {@link java.util.ServiceLoader}. */
    public AdderModelProvider() {}

    @Override
    public String model() {
        return "adder";
    }

    @Override
    public String bus() {
        return BUS;
    }

    @Override
    public String description() {
        return "adds vectors of 32-bit numbers";
    }

    @Override
    public boolean inDefaultMachine() {
        return true;
    }

    @Override
    public BusDevice create(DeviceSlot slot, Map<String, String> properties) {
        if (!properties.isEmpty()) {
            throw new VfioException(Errno.EINVAL, "an adder has no properties, not " + properties.keySet());
        }
        return new AdderDevice(slot);
    }
}
