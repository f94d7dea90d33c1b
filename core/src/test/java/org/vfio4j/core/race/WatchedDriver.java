// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.host.BusDevice;

/** Takes the place of the fixture's driver, with {@link WatchedOps}. */
final class WatchedDriver implements BusDriverProvider {
    private final Books books;
    private final Map<BusDevice, WatchedOps> bound = new ConcurrentHashMap<>();
    private final Map<Object, AtomicInteger> insideSets = new ConcurrentHashMap<>();

    WatchedDriver(Books books) {
        this.books = books;
    }

    /** The ops of a bound device. */
    WatchedOps ops(BusDevice device) {
        return Objects.requireNonNull(bound.get(device), () -> device.name() + " is not bound");
    }

    @Override
    public String name() {
        return FakeDriver.NAME;
    }

    @Override
    public String bus() {
        return FakeMachine.BUS;
    }

    @Override
    public String description() {
        return "watches the core";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new Loaded(environment);
    }

    private final class Loaded implements BusDriver {
        private final DriverEnvironment environment;

        private Loaded(DriverEnvironment environment) {
            this.environment = environment;
        }

        @Override
        public void probe(BusDevice busDevice) {
            var device = (FakeDevice) busDevice;
            var inside = insideSets.computeIfAbsent(device.setKey(), key -> new AtomicInteger());
            var ops = new WatchedOps(books, device, inside);
            var allocated = environment.allocate(device, ops);
            ops.allocated(allocated);
            allocated.assignDeviceSet(device.setKey());
            // Reachable before registration returns.
            bound.put(device, ops);
            try {
                if (device.emulated) {
                    allocated.registerEmulated();
                } else {
                    allocated.register();
                }
            } catch (Throwable e) {
                bound.remove(device);
                allocated.put();
                throw e;
            }
        }

        @Override
        public void remove(BusDevice device) {
            var ops = ops(device);
            ops.vfioDevice().unregister();
            ops.unregistered();
            bound.remove(device);
            ops.vfioDevice().put();
        }
    }
}
