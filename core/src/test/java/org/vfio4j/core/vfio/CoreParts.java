// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeIommufd;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.FaultPlan;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.Virqfd;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The core's parts joined by hand: small enough that a model checker can look into all of them. */
final class CoreParts {
    final FaultPlan faults = new FaultPlan();
    final FakeMachine machine = new FakeMachine(faults);
    final FakeDriver driver = new FakeDriver(faults);
    final DeviceSets sets = new DeviceSets();
    final VfioGroups groups;
    final DeviceRegistry registry;

    private final FakeIommufd iommufd = new FakeIommufd(faults);
    private final PhysicalMemory memory = new FrameTable();
    private final BusDriver loaded;

    /** Registers the devices of a machine. */
    CoreParts(Consumer<FakeMachine> build) {
        var settings = new CoreSettings(false, Duration.ofHours(1));
        groups = new VfioGroups(machine, settings, memory);
        registry = new DeviceRegistry(new DeviceIndexes(), sets, groups, settings, memory);
        loaded = driver.create(new Environment());
        build.accept(machine);
        machine.buses().getFirst().devices().forEach(loaded::probe);
    }

    /** A new iommufd context; it has one reference. */
    IommufdContext context() {
        return iommufd.newContext();
    }

    /** Unbinds the driver from a device. */
    void remove(String name) {
        loaded.remove(machine.find(name));
    }

    private final class Environment implements DriverEnvironment {
        @Override
        public VfioDevice allocate(BusDevice busDevice, DeviceOps ops) {
            return registry.allocate(busDevice, ops);
        }

        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public void bind(BusDevice device) {
            loaded.probe(device);
        }

        @Override
        public void driverOverride(BusDevice device) {
            throw new UnsupportedOperationException("devices of this bus have no driver_override");
        }

        @Override
        public void unbind(BusDevice device) {
            loaded.remove(device);
        }

        @Override
        public Virqfd virqfd(Virqfd.@Nullable Handler handler, @Nullable Runnable thread) {
            return new EventVirqfd(handler, thread);
        }

        @Override
        public List<DmaRange> combineRanges(List<DmaRange> ranges, int wanted) {
            throw new UnsupportedOperationException("the fixture's driver watches no ranges");
        }

        @Override
        public Optional<String> option(String name) {
            return Optional.empty();
        }
    }
}
