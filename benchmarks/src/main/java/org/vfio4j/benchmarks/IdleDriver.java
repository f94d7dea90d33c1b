// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.host.BusDevice;

/** The driver of {@link ManyDevicesHost}'s devices. */
public final class IdleDriver implements BusDriverProvider {
    static final String NAME = "vfio-idle";

    /** Made by the service loader. */
    public IdleDriver() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return ManyDevicesHost.BUS;
    }

    @Override
    public String description() {
        return "does nothing";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new Loaded(environment, new ConcurrentHashMap<>());
    }

    private record Loaded(DriverEnvironment environment, Map<BusDevice, VfioDevice> bound) implements BusDriver {
        @Override
        public void probe(BusDevice device) {
            var ops = new IdleOps();
            var allocated = environment.allocate(device, ops);
            ops.device = Optional.of(allocated);
            allocated.register();
            bound.put(device, allocated);
        }

        @Override
        public void remove(BusDevice device) {
            var allocated = Objects.requireNonNull(bound.remove(device));
            allocated.unregister();
            allocated.put();
        }
    }

    private static final class IdleOps implements DeviceOps {
        private Optional<VfioDevice> device = Optional.empty();

        @Override
        public String driverName() {
            return NAME;
        }

        @Override
        public DeviceInfo info() {
            return new DeviceInfo(0, 0, 0);
        }

        @Override
        public RegionInfo regionInfo(int index) {
            throw new UnsupportedOperationException("no regions");
        }

        @Override
        public IrqInfo irqInfo(int index) {
            throw new UnsupportedOperationException("no interrupts");
        }

        @Override
        public long setIrqs(IrqSet request) {
            throw new UnsupportedOperationException("no interrupts");
        }

        @Override
        public void reset() {}

        @Override
        public IommufdOps iommufdOps() {
            return device.orElseThrow().physicalIommufdOps();
        }
    }
}
