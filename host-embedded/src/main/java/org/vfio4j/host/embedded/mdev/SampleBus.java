// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.vfio4j.host.embedded.machine.MdevSpec;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevBus;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.spi.model.SharedRegisters;

/**
 * The machine's mdev bus: parents as the kernel's samples have them, and the devices a driver made of them. Devices come and go only through
 * {@link #add} and {@link #remove}, so listeners have nothing to hear. Thread-safe.
 */
public final class SampleBus implements MdevBus, AutoCloseable {
    private final List<SampleParent> parents;
    private final List<Wish> wishes;
    private final CopyOnWriteArrayList<BusDevice> devices = new CopyOnWriteArrayList<>();

    /**
     * The bus of a machine.
     *
     * @param spec parents and devices wanted at start
     * @param deviceThread where devices move data
     * @param registers makes memory that users can map
     */
    public SampleBus(
            MdevSpec spec, Executor deviceThread, Function<SharedRegisters.Layout, SharedRegisters> registers) {
        this.parents = spec.parents().stream()
                .map(parent -> parent(parent, deviceThread, registers))
                .toList();
        this.wishes = spec.devices();
    }

    private static SampleParent parent(
            MdevSpec.ParentSpec spec,
            Executor deviceThread,
            Function<SharedRegisters.Layout, SharedRegisters> registers) {
        return switch (spec.model()) {
            case MTTY -> new SerialParent(spec.name(), spec.capacity(), deviceThread);
            case MDPY -> new DisplayParent(spec.name(), spec.capacity(), registers);
        };
    }

    @Override
    public String name() {
        return "mdev";
    }

    @Override
    public List<MdevParent> parents() {
        return List.copyOf(parents);
    }

    @Override
    public List<Wish> initialDevices() {
        return wishes;
    }

    @Override
    public List<BusDevice> devices() {
        return List.copyOf(devices);
    }

    @Override
    public List<String> nativeDrivers() {
        return List.of();
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        return () -> {};
    }

    @Override
    public MdevDevice add(MdevParent parent, MdevType type, UUID uuid, MdevModel model) {
        var device = new SampleMdev(uuid, parent, type, model);
        devices.add(device);
        return device;
    }

    @Override
    public void remove(MdevDevice device) {
        if (!devices.remove(device)) {
            throw new IllegalArgumentException(device.name() + " is not on the mdev bus");
        }
    }

    /** Switches the parents off; no device works any more. */
    @Override
    public void close() {
        parents.forEach(SampleParent::powerOff);
    }
}
