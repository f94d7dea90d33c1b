// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;

/** Which VFIO driver has which bus device, with a lock for each device (kernel: {@code device_lock}). */
final class DeviceBindings {
    /** Guards {@link #byDevice} and the use counts in it; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    private final IdentityHashMap<BusDevice, Binding> byDevice = new IdentityHashMap<>();

    /** One device's driver. */
    static final class Binding {
        /**
         * Held while the device's driver changes, so across probe and remove, and while its virtual functions are made or taken
         * away. Taken before every lock of the core; that of a physical function before those of its virtual ones.
         */
        private final ReentrantLock deviceLock = new ReentrantLock();

        /** The driver; written under the device lock, read without it for display. */
        private volatile @Nullable LoadedDriver driver;

        /** The only driver the device may be bound to; guarded by {@link DeviceBindings#lock}. */
        private @Nullable String override;

        /** Threads that use this binding now; guarded by {@link DeviceBindings#lock}. */
        private int users;

        @Nullable
        LoadedDriver driver() {
            return driver;
        }

        void driver(@Nullable LoadedDriver bound) {
            driver = bound;
        }
    }

    /** Runs an action with the device's lock held. */
    void with(BusDevice device, Consumer<Binding> action) {
        var binding = use(device);
        try {
            binding.deviceLock.lock();
            try {
                action.accept(binding);
            } finally {
                binding.deviceLock.unlock();
            }
        } finally {
            unuse(device, binding);
        }
    }

    private Binding use(BusDevice device) {
        lock.lock();
        try {
            var binding = byDevice.computeIfAbsent(device, key -> new Binding());
            binding.users++;
            return binding;
        } finally {
            lock.unlock();
        }
    }

    private void unuse(BusDevice device, Binding binding) {
        lock.lock();
        try {
            binding.users--;
            forget(device, binding);
        } finally {
            lock.unlock();
        }
    }

    /** Drops a binding that says nothing; the lock is held. */
    private void forget(BusDevice device, Binding binding) {
        if (binding.users == 0 && binding.driver == null && binding.override == null) {
            byDevice.remove(device);
        }
    }

    /** The only driver a device may be bound to. */
    Optional<String> overrideOf(BusDevice device) {
        lock.lock();
        try {
            return Optional.ofNullable(byDevice.get(device)).map(binding -> binding.override);
        } finally {
            lock.unlock();
        }
    }

    /** Chooses the only driver a device may be bound to; null for any. */
    void override(BusDevice device, @Nullable String driver) {
        lock.lock();
        try {
            var binding = byDevice.computeIfAbsent(device, key -> new Binding());
            binding.override = driver;
            forget(device, binding);
        } finally {
            lock.unlock();
        }
    }

    /** The VFIO driver that has a device now. */
    Optional<LoadedDriver> driverOf(BusDevice device) {
        lock.lock();
        try {
            return Optional.ofNullable(byDevice.get(device)).map(Binding::driver);
        } finally {
            lock.unlock();
        }
    }

    /** Devices a driver has now. */
    List<BusDevice> devicesOf(LoadedDriver driver) {
        lock.lock();
        try {
            List<BusDevice> devices = new ArrayList<>();
            byDevice.forEach((device, binding) -> {
                if (driver.equals(binding.driver)) {
                    devices.add(device);
                }
            });
            return devices;
        } finally {
            lock.unlock();
        }
    }
}
