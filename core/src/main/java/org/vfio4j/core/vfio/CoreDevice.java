// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.PowerOps;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The core's VFIO device. Two counts rule its life: the driver's reference, with which it is destroyed, and the
 * {@linkplain RegistrationCount registration count}, without which it can be unregistered. Spec: core OM-1 to OM-3.
 */
public final class CoreDevice implements VfioDevice {
    private static final int OWNED = 0;
    private static final int NOT_OWNED = -1;

    private final DeviceRegistry registry;
    private final BusDevice busDevice;
    private final DeviceOps ops;
    private final int index;
    private final RegistrationCount registration = new RegistrationCount();
    private final AtomicBoolean destroyed = new AtomicBoolean();
    private final PhysicalIommufdOps physicalOps = new PhysicalIommufdOps(this);
    private final EmulatedIommufdOps emulatedOps = new EmulatedIommufdOps(this);

    private final MigrationControl migrationControl = new MigrationControl() {
        @Override
        public int nextState(int flags, int current, int requested) {
            return MigrationStates.nextState(flags, current, requested);
        }

        @Override
        public boolean precopyInfoV2() {
            return precopyInfoV2;
        }
    };

    /** Asked for by the user (feature 12), forgotten at the last close. */
    private volatile boolean precopyInfoV2;

    /** Set by registration, for good. */
    private volatile @Nullable PowerOps power;
    /** Made of the driver's ops at registration; null when the driver has none. */
    private volatile @Nullable DeviceMigration migration;

    /** See {@link #migration}. */
    private volatile @Nullable DeviceDmaLogging dmaLogging;

    /** Assigned once, before registration. */
    private volatile @Nullable CoreDeviceSet set;

    /** Set by registration, for good. */
    private volatile @Nullable VfioGroup group;

    /** Granted files; written under the set lock. */
    private volatile int openCount;

    /** Remembered from the first open to the last close; written under the set lock. */
    private volatile @Nullable IommuBinding binding;

    /** The iommufd the device is bound to through its own file; written under the set lock. */
    private volatile @Nullable IommufdContext cdevContext;

    /** The virtual machine the device is open for, with a reference; written under the set lock (EXT-2). */
    private volatile @Nullable VirtualMachine machine;

    CoreDevice(DeviceRegistry registry, BusDevice busDevice, DeviceOps ops, int index) {
        this.registry = registry;
        this.busDevice = busDevice;
        this.ops = ops;
        this.index = index;
    }

    @Override
    public int index() {
        return index;
    }

    /** Name of its node: {@code vfioX}. */
    public String nodeName() {
        return "vfio" + index;
    }

    @Override
    public BusDevice busDevice() {
        return busDevice;
    }

    @Override
    public DeviceOps ops() {
        return ops;
    }

    @Override
    public void assignDeviceSet(@Nullable Object key) {
        if (key == null) {
            throw new VfioException(Errno.EINVAL, "§9.1", "assign_device_set of " + this + " refused: there is no key");
        }
        if (set != null) {
            throw new IllegalStateException(this + " has a device set already");
        }
        set = registry.sets().join(key, this);
    }

    /** Makes a set of its own when the driver assigned none. */
    void ensureDeviceSet() {
        if (set == null) {
            assignDeviceSet(this);
        }
    }

    @Override
    public CoreDeviceSet deviceSet() {
        var assigned = set;
        if (assigned == null) {
            throw new IllegalStateException(this + " has no device set yet");
        }
        return assigned;
    }

    @Override
    public void register() {
        askForFacets();
        registry.register(this);
    }

    @Override
    public void registerEmulated() {
        askForFacets();
        registry.registerEmulated(this);
    }

    /** Asks the driver, once, what else the device can do (DR-7). */
    private void askForFacets() {
        var migrationOps = ops.migration();
        migration = migrationOps == null ? null : new DeviceMigration(this, migrationOps);
        var loggingOps = ops.dmaLogging();
        dmaLogging = loggingOps == null ? null : new DeviceDmaLogging(loggingOps, registry.pageSize());
        power = ops.power();
    }

    @Override
    public void unregister() {
        registry.unregister(this);
    }

    @Override
    public void put() {
        if (!destroyed.compareAndSet(false, true)) {
            throw new IllegalStateException(this + " is destroyed already");
        }
        leaveSet();
        try {
            ops.release();
        } finally {
            registry.indexes().free(index);
        }
    }

    void leaveSet() {
        var assigned = set;
        if (assigned != null) {
            registry.sets().leave(assigned, this);
        }
    }

    /**
     * Wakes the device for a device-control call (DF-1).
     *
     * @return gives the power back after the call; null when the device has no power management
     * @throws VfioException EIO when it does not wake
     */
    public @Nullable PowerOps wake() {
        var present = power;
        if (present != null) {
            try {
                present.get();
            } catch (VfioException e) {
                throw new VfioException(Errno.EIO, "DF-1", this + " does not wake up: " + e.getMessage());
            }
        }
        return present;
    }

    RegistrationCount registration() {
        return registration;
    }

    /** The group it was registered in. */
    public VfioGroup group() {
        var registered = group;
        if (registered == null) {
            throw new IllegalStateException(this + " was never registered");
        }
        return registered;
    }

    /** Whether a group is the one it was registered in. */
    public boolean isIn(VfioGroup asked) {
        return asked.equals(group);
    }

    void group(VfioGroup joined) {
        group = joined;
    }

    @Override
    public int openCount() {
        return openCount;
    }

    /** The first open begins; the set lock is held. */
    void opened(IommuBinding used, @Nullable VirtualMachine usedFor) {
        openCount = 1;
        binding = used;
        machine = usedFor;
    }

    /** Another file shares the open device; the set lock is held. */
    void shared(int difference) {
        int before = openCount;
        openCount = before + difference;
    }

    /** The last close, or a first open's failure, is complete; the set lock is held. */
    void closed() {
        precopyInfoV2 = false;
        binding = null;
        openCount = 0;
        var usedFor = machine;
        machine = null;
        if (usedFor != null) {
            usedFor.put();
        }
    }

    /** The device is bound through its own file, or no longer; the set lock is held. */
    void cdevContext(@Nullable IommufdContext context) {
        cdevContext = context;
    }

    @Override
    public Optional<IommufdContext> cdevContext() {
        return Optional.ofNullable(cdevContext);
    }

    @Override
    public int deviceIdIn(IommufdContext context) {
        int id = physicalOps.idIn(context);
        if (id > 0) {
            return id;
        }
        return busDevice.iommuGroup().filter(context::hasGroup).isPresent() ? OWNED : NOT_OWNED;
    }

    IommuBinding requireBinding() {
        var used = binding;
        if (used == null) {
            throw new IllegalStateException(this + " is not open");
        }
        return used;
    }

    @Override
    public IommufdOps physicalIommufdOps() {
        return physicalOps;
    }

    @Override
    public IommufdOps physicalPasidIommufdOps() {
        return physicalOps.withPasids();
    }

    @Override
    public Optional<VirtualMachine> machine() {
        return Optional.ofNullable(machine);
    }

    @Override
    public IommufdOps emulatedIommufdOps() {
        return emulatedOps;
    }

    EmulatedIommufdOps emulatedOps() {
        return emulatedOps;
    }

    /** Its migration; empty when its driver has no migration ops. */
    public Optional<DeviceMigration> migration() {
        return Optional.ofNullable(migration);
    }

    /** Its DMA logging; empty when its driver has no logging ops. */
    public Optional<DeviceDmaLogging> dmaLogging() {
        return Optional.ofNullable(dmaLogging);
    }

    @Override
    public MigrationControl migrationControl() {
        return migrationControl;
    }

    /** The user wants meaningful flags in precopy answers from now to the last close (feature 12). */
    public void enablePrecopyInfoV2() {
        precopyInfoV2 = true;
    }

    @Override
    public void pinPages(long iova, int pages, int protection, RunSink sink) {
        if (pages <= 0) {
            throw new VfioException(Errno.EINVAL, "§9.3", "pin_pages refused: " + pages + " pages");
        }
        var used = binding;
        if (used == null) {
            throw notOpen("pin_pages");
        }
        if (ops.dmaUnmap() == null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§9.3",
                    "pin_pages refused: " + this + " has no dma_unmap callback to take pins back with");
        }
        used.pinPages(this, iova, pages, protection, sink);
    }

    @Override
    public void unpinPages(long iova, int pages) {
        var used = binding;
        if (pages > 0 && used != null && ops.dmaUnmap() != null) {
            used.unpinPages(this, iova, pages);
        } else {
            registry.warnIgnoredUnpin(this, iova, pages);
        }
    }

    @Override
    public void dmaRw(long iova, MemorySegment buffer, boolean write) {
        if (buffer.byteSize() == 0) {
            throw new VfioException(Errno.EINVAL, "§9.3", "dma_rw refused: the buffer is empty");
        }
        var used = binding;
        if (used == null) {
            throw notOpen("dma_rw");
        }
        used.dmaRw(this, iova, buffer, write);
    }

    static VfioException notOpen(String operation) {
        return new VfioException(Errno.EINVAL, "§9.3", operation + " refused: the device is not open");
    }

    @Override
    public String toString() {
        return busDevice.name();
    }
}
