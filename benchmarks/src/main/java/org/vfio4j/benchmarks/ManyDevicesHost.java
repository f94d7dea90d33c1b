// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.host.HostProvider;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.testing.fixture.SimulatedDevice;

/**
 * A machine with as many groups of {@value #PER_GROUP} devices as the property {@value #GROUPS} says, behind paging hardware. The
 * devices do nothing, so that what is measured is the core.
 */
public final class ManyDevicesHost implements HostProvider {
    /** Its name. */
    public static final String NAME = "many";

    /** Property with the number of groups. */
    public static final String GROUPS = "vfio4j.benchmarks.groups";

    /** Devices in a group. */
    public static final int PER_GROUP = 4;

    static final String BUS = "many";

    /** Made by the service loader. */
    public ManyDevicesHost() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "any number of devices that do nothing";
    }

    @Override
    public int priority() {
        return Integer.MIN_VALUE;
    }

    @Override
    public Host start(HostEnvironment environment) {
        var unit = new PagingUnit("iommu0", environment.memory(), PagingConfig.defaults(), new FaultLog());
        List<IommuGroup> groups = new ArrayList<>();
        List<BusDevice> devices = new ArrayList<>();
        for (int i = 0; i < Integer.getInteger(GROUPS, 1); i++) {
            var group = unit.newGroup(i);
            groups.add(group);
            for (int j = 0; j < PER_GROUP; j++) {
                var device = new IdleDevice(i + "." + j, group);
                group.join(device);
                devices.add(device);
            }
        }
        return new Machine(unit, groups, devices);
    }

    private static final class IdleDevice extends SimulatedDevice {
        IdleDevice(String name, IommuGroup group) {
            super(name, group);
        }

        @Override
        public String busName() {
            return ManyDevicesHost.BUS; // not that of the fixture
        }

        @Override
        public Optional<String> initialDriver() {
            return Optional.of(IdleDriver.NAME);
        }
    }

    private record Machine(PagingUnit unit, List<IommuGroup> groups, List<BusDevice> devices) implements Host, Bus {
        @Override
        public String name() {
            return NAME;
        }

        @Override
        public List<Bus> buses() {
            return List.of(this);
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
        public IommuGroup createPrivateGroup(String groupName, BusDevice device) {
            throw new UnsupportedOperationException("real groups only");
        }

        @Override
        public void destroyPrivateGroup(IommuGroup group) {
            throw new UnsupportedOperationException("real groups only");
        }

        @Override
        public List<DmaFault> faults() {
            return List.of();
        }

        @Override
        public void close() {
            unit.close();
        }
    }
}
