// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.spi.model.SharedRegisters;

/**
 * A maker of displays (kernel: the {@code mdpy} sample's device). It does not keep count itself. Thread-safe. Spec: mdev §10.
 */
final class DisplayParent implements SampleParent {
    /** What type directories start with: the parent's class. */
    static final String CLASS_NAME = "mdpy";

    private final String name;
    private final int most;
    private final Function<SharedRegisters.Layout, SharedRegisters> registers;
    private final Set<DisplayDevice> made = ConcurrentHashMap.newKeySet();

    DisplayParent(String name, int most, Function<SharedRegisters.Layout, SharedRegisters> registers) {
        this.name = name;
        this.most = most;
        this.registers = registers;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String driverString() {
        return CLASS_NAME;
    }

    @Override
    public List<MdevType> types() {
        return Arrays.stream(DisplayType.values()).map(DisplayType::type).toList();
    }

    @Override
    public OptionalInt maxInstances() {
        return OptionalInt.of(most);
    }

    @Override
    public int available(MdevType type) {
        throw new UnsupportedOperationException("the driver counts the devices of " + name);
    }

    @Override
    public MdevModel create(MdevType type, UUID uuid) {
        var display = Arrays.stream(DisplayType.values())
                .filter(known -> known.type().equals(type))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " has no type " + type.name()));
        var device = new DisplayDevice(display, registers);
        made.add(device);
        return device;
    }

    @Override
    public void destroy(MdevModel model) {
        if (!(model instanceof DisplayDevice device) || !made.remove(device)) {
            throw new IllegalArgumentException("not a device of " + name);
        }
        device.free();
    }

    @Override
    public void powerOff() {
        made.forEach(DisplayDevice::free);
        made.clear();
    }
}
