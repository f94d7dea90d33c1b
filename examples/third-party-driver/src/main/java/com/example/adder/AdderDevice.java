// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.model.DeviceSlot;

/** An adder on its bus. What only the machine knows, its slot answers; what the hardware does is in {@link AdderEngine}. */
final class AdderDevice implements BusDevice {
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
    public String name() {
        return slot.name();
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

    @Override
    public String sysfsPath() {
        return slot.sysfsPath();
    }

    @Override
    public Optional<IommuGroup> iommuGroup() {
        return slot.iommuGroup();
    }

    @Override
    public boolean capable(IommuCapability capability) {
        return slot.capable(capability);
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return slot.reservedRegions();
    }

    @Override
    public Optional<String> nativeDriver() {
        return slot.nativeDriver();
    }

    @Override
    public void bindNative(String driver) {
        slot.bindNative(driver);
    }

    @Override
    public void unbindNative() {
        slot.unbindNative();
    }
}
