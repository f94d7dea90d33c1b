// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.util.Optional;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.ModelledDevice;

/** An adder on its bus. What only the machine knows, its slot answers; what the hardware does is in {@link AdderEngine}. */
final class AdderDevice implements ModelledDevice {
    private final DeviceSlot slot;
    private final AdderEngine engine;

    AdderDevice(DeviceSlot slot) {
        this.slot = slot;
        this.engine = new AdderEngine(slot.dma());
    }

    /** The hardware. */
    AdderEngine engine() {
        return engine;
    }

    @Override
    public DeviceSlot slot() {
        return slot;
    }

    @Override
    public String busName() {
        return AdderModelProvider.BUS;
    }

    @Override
    public String description() {
        return "ACME adder";
    }

    /** What the machine description says; when it says nothing, our own driver. */
    @Override
    public Optional<String> initialDriver() {
        return slot.initialDriver().or(() -> Optional.of(AcmeDriverProvider.NAME));
    }
}
