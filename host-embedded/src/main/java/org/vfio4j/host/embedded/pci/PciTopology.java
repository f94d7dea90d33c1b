// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;

/**
 * The bus type {@code pci} of the machine: every function of every bus. Only virtual functions come and go while the machine
 * runs. Thread-safe.
 */
public final class PciTopology implements Bus {
    private final List<String> nativeDrivers;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Held while {@link #devices} changes; a leaf, so not held while listeners are told. */
    private final ReentrantLock devicesLock = new ReentrantLock();

    /** Functions in address order, then devices of third-party models; replaced as a whole. */
    private volatile List<BusDevice> devices = List.of();

    /** A bus without devices. */
    public PciTopology(List<String> nativeDrivers) {
        this.nativeDrivers = List.copyOf(nativeDrivers);
    }

    /** Puts devices of third-party models on the bus, behind the functions there are. */
    public void addModels(List<BusDevice> models) {
        change(all -> all.addAll(models));
    }

    /** Puts a function on the bus and tells the listeners. */
    public void add(EmbeddedFunction function) {
        change(all -> all.add(place(all, function), function));
        listeners.forEach(listener -> listener.added(function));
    }

    private static int place(List<BusDevice> all, EmbeddedFunction function) {
        int place = 0;
        while (place < all.size()
                && all.get(place) instanceof EmbeddedFunction other
                && other.address().compareTo(function.address()) < 0) {
            place++;
        }
        return place;
    }

    /** Takes a function off the bus; returns when every listener has let go of it. */
    void remove(EmbeddedFunction function) {
        List.copyOf(listeners).reversed().forEach(listener -> listener.removing(function));
        change(all -> all.remove(function));
        List.copyOf(listeners).reversed().forEach(listener -> listener.removed(function));
    }

    private void change(Consumer<List<BusDevice>> change) {
        devicesLock.lock();
        try {
            var all = new ArrayList<>(devices);
            change.accept(all);
            devices = List.copyOf(all);
        } finally {
            devicesLock.unlock();
        }
    }

    @Override
    public String name() {
        return "pci";
    }

    @Override
    public List<BusDevice> devices() {
        return devices;
    }

    @Override
    public List<String> nativeDrivers() {
        return nativeDrivers;
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }
}
