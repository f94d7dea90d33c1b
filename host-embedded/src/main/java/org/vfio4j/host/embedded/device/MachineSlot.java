// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.device;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.register.DoorbellPoller;
import org.vfio4j.host.embedded.register.RegisterMemory;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.spi.model.DoorbellListener;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A device's place in the machine: its group, what its IOMMU can do for it, its way to memory and the native driver that
 * has it. Made before the device; {@link #install} completes it. Thread-safe from then on.
 */
public final class MachineSlot implements DeviceSlot {
    /**
     * Native drivers that leave DMA ownership of their device alone (kernel: {@code driver_managed_dma}), so that a bridge
     * or a parked function does not spoil its group.
     */
    private static final Set<String> WITHOUT_DMA = Set.of("pcieport", "pci-stub");

    private final Plan plan;
    private final @Nullable DoorbellPoller poller;
    private final LatePort port = new LatePort();

    /** Guards {@link #nativeDriver}; taken before the group's lock. */
    private final ReentrantLock driverLock = new ReentrantLock();

    private volatile @Nullable String nativeDriver;
    private @Nullable BusDevice device;

    /** A place as planned, on a bus whose devices have no registers that users map. */
    public MachineSlot(Plan plan) {
        this.plan = plan;
        this.poller = null;
    }

    /**
     * A place as planned.
     *
     * @param poller of the machine
     */
    public MachineSlot(Plan plan, DoorbellPoller poller) {
        this.plan = plan;
        this.poller = poller;
    }

    /**
     * What the machine description says about a place.
     *
     * @param name of the device
     * @param sysfsPath below {@code /sys}
     * @param driver bound at start
     * @param group its isolation group, empty without IOMMU
     * @param capabilities of the IOMMU unit
     * @param reserved regions mappings must avoid
     * @param nativeDrivers drivers of its bus
     */
    public record Plan(
            String name,
            String sysfsPath,
            Optional<String> driver,
            Optional<EmbeddedGroup> group,
            Set<IommuCapability> capabilities,
            List<ReservedRegion> reserved,
            List<String> nativeDrivers) {
        /** Copies the collections. */
        public Plan {
            capabilities = Set.copyOf(capabilities);
            reserved = List.copyOf(reserved);
            nativeDrivers = List.copyOf(nativeDrivers);
        }
    }

    /**
     * Puts the device in: it joins its group and {@link #dma} works. Called once, before anybody uses the device.
     *
     * @param busMaster whether the device may access memory now; asked at every access
     */
    public void install(BusDevice newDevice, BooleanSupplier busMaster, PhysicalMemory memory) {
        device = newDevice;
        if (plan.group.isPresent()) {
            var group = plan.group.get();
            group.join(newDevice);
            port.target = group.port(newDevice, busMaster);
        } else {
            port.target = new UntranslatedPort(memory, busMaster);
        }
    }

    /** Takes the device out: it leaves its group and reaches no memory any more. No native driver has it. */
    public void uninstall() {
        plan.group.ifPresent(group -> group.leave(installed()));
    }

    @Override
    public String name() {
        return plan.name;
    }

    @Override
    public Optional<String> initialDriver() {
        return plan.driver;
    }

    @Override
    public String sysfsPath() {
        return plan.sysfsPath;
    }

    @Override
    public Optional<IommuGroup> iommuGroup() {
        return plan.group.map(IommuGroup.class::cast);
    }

    @Override
    public boolean capable(IommuCapability capability) {
        return plan.capabilities.contains(capability);
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return plan.reserved;
    }

    @Override
    public DmaPort dma() {
        return port;
    }

    @Override
    public SharedRegisters sharedRegisters(SharedRegisters.Layout layout, DoorbellListener listener) {
        if (poller == null) {
            throw new UnsupportedOperationException(plan.name + " is on a bus without registers that users map");
        }
        return new RegisterMemory(layout, listener, poller);
    }

    @Override
    public Optional<String> nativeDriver() {
        return Optional.ofNullable(nativeDriver);
    }

    @Override
    public void bindNative(String driver) {
        driverLock.lock();
        try {
            if (!plan.nativeDrivers.contains(driver)) {
                throw new VfioException(
                        Errno.ENODEV,
                        "bind refused: the machine has no native driver \"" + driver + "\" for " + plan.name
                                + "; it has " + plan.nativeDrivers);
            }
            if (nativeDriver != null) {
                throw new VfioException(
                        Errno.EBUSY, "bind refused: native driver " + nativeDriver + " has " + plan.name + " already");
            }
            if (plan.group.isPresent() && !WITHOUT_DMA.contains(driver)) {
                plan.group.get().useDmaApi(installed(), driver);
            }
            nativeDriver = driver;
        } finally {
            driverLock.unlock();
        }
    }

    @Override
    public void unbindNative() {
        driverLock.lock();
        try {
            var driver = nativeDriver;
            if (driver == null) {
                throw new VfioException(Errno.ENODEV, "unbind refused: no native driver has " + plan.name);
            }
            if (plan.group.isPresent() && !WITHOUT_DMA.contains(driver)) {
                plan.group.get().releaseDmaApi(installed());
            }
            nativeDriver = null;
        } finally {
            driverLock.unlock();
        }
    }

    private BusDevice installed() {
        var here = device;
        if (here == null) {
            throw new IllegalStateException(plan.name + " is not installed yet");
        }
        return here;
    }

    /** A device is given its port while it is being made, before the group knows the device. */
    private static final class LatePort implements DmaPort {
        /** Set once, before any thread but the one that builds the machine sees the device. */
        private @Nullable DmaPort target;

        @Override
        public boolean read(long iova, MemorySegment buffer, long offset, long length) {
            var port = target;
            return port != null && port.read(iova, buffer, offset, length);
        }

        @Override
        public boolean write(long iova, MemorySegment buffer, long offset, long length) {
            var port = target;
            return port != null && port.write(iova, buffer, offset, length);
        }
    }
}
