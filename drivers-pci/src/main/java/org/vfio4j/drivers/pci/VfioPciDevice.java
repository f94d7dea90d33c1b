// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.PowerOps;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;

/** A PCI function as a VFIO device (kernel: {@code struct vfio_pci_core_device}). Thread-safe. Spec: pci. */
final class VfioPciDevice implements DeviceOps {
    private static final Logger LOG = LoggerFactory.getLogger(VfioPciDevice.class);

    private final PciFunction function;
    private final PciOptions options;
    private final DriverEnvironment environment;
    private final TokenRole tokenRole;
    private final DeviceName name;
    private final LowPower lowPower = new LowPower();
    private final HotReset hotReset;

    /** Set once, right after allocation. */
    private volatile @Nullable VfioDevice vfio;

    /** Present between first open and last close; changed under the dev_set lock. */
    private volatile @Nullable OpenFunction open;

    /** Whether the last user left state behind that only a reset of the whole set removes; under the dev_set lock. */
    private boolean needsReset;

    VfioPciDevice(PciFunction function, PciOptions options, TokenRole tokenRole, DriverEnvironment environment) {
        this.function = function;
        this.options = options;
        this.environment = environment;
        this.tokenRole = tokenRole;
        this.name = new DeviceName(function, tokenRole);
        this.hotReset = new HotReset(function, this::vfio);
    }

    void allocated(VfioDevice device) {
        vfio = device;
    }

    private VfioDevice vfio() {
        var device = vfio;
        if (device == null) {
            throw new IllegalStateException(function.name() + " is not allocated yet");
        }
        return device;
    }

    private OpenFunction open() {
        var present = open;
        if (present == null) {
            throw new VfioException(Errno.EINVAL, function.name() + " is not open");
        }
        return present;
    }

    /** The function as its user has it open; null while nobody has. Steady under the dev_set lock. */
    @Nullable
    OpenFunction opened() {
        return open;
    }

    boolean needsReset() {
        return needsReset;
    }

    void needsReset(boolean value) {
        needsReset = value;
    }

    @Override
    public String driverName() {
        return VfioPciProvider.NAME;
    }

    @Override
    public IommufdOps iommufdOps() {
        return vfio().physicalPasidIommufdOps();
    }

    @Override
    public PowerOps power() {
        return lowPower;
    }

    @Override
    public HotReset hotReset() {
        return hotReset;
    }

    TokenRole tokenRole() {
        return tokenRole;
    }

    @Override
    public TokenMatch tokenMatch() {
        return tokenRole;
    }

    @Override
    public NameMatch nameMatch() {
        return name;
    }

    @Override
    public void openDevice() {
        open = new OpenFunction(function, options, environment);
        tokenRole.opened();
    }

    @Override
    public void closeDevice() {
        tokenRole.closing();
        var closing = open();
        lowPower.end();
        needsReset = !closing.close();
        open = null;
        Closing.step(function.name() + ": resetting the device set", () -> ResetScope.afterLastClose(vfio()));
        closing.clearTriggers();
    }

    @Override
    public DeviceInfo info() {
        int flags = VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI;
        if (open().resetWorks()) {
            flags |= VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET;
        }
        return new DeviceInfo(flags, VfioPci.VFIO_PCI_NUM_REGIONS, VfioPci.VFIO_PCI_NUM_IRQS);
    }

    @Override
    public RegionInfo regionInfo(int index) {
        var present = open();
        if (index >= 0 && index < BarRegions.COUNT) {
            return present.bars().info(index);
        }
        return switch (index) {
            case VfioPci.VFIO_PCI_ROM_REGION_INDEX -> {
                long size = present.rom().size();
                int flags = size == 0 ? 0 : VfioRegion.VFIO_REGION_INFO_FLAG_READ;
                yield new RegionInfo(index, flags, size, RegionOffset.of(index));
            }
            case VfioPci.VFIO_PCI_CONFIG_REGION_INDEX ->
                new RegionInfo(
                        index,
                        VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE,
                        present.config().size(),
                        RegionOffset.of(index));
            default -> throw noRegion(index);
        };
    }

    private VfioException noRegion(long index) {
        return new VfioException(Errno.EINVAL, function.name() + ": there is no region " + index);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        return open().interrupts().info(index);
    }

    @Override
    public long setIrqs(IrqSet request) {
        return open().interrupts().set(request);
    }

    @Override
    public void reset() {
        var present = open();
        if (!present.resetWorks()) {
            throw new VfioException(Errno.EINVAL, "RESET refused: " + function.name() + " could not be reset at open");
        }
        present.control().reset();
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return switch (command) {
            case VfioIoctl.VFIO_DEVICE_IOEVENTFD -> open().ioEvents().set(caller, argument);
            case VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO -> HotResetCalls.info(hotReset, caller, argument);
            case VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET -> HotResetCalls.reset(hotReset, caller, argument);
            default -> DeviceOps.super.ioctl(caller, command, argument);
        };
    }

    @Override
    public long read(long position, MemorySegment target) {
        lowPower.get();
        try {
            return readAwake(position, target);
        } finally {
            lowPower.put();
        }
    }

    private long readAwake(long position, MemorySegment target) {
        var present = open();
        if (target.byteSize() == 0) {
            return 0;
        }
        long index = RegionOffset.index(position);
        long offset = RegionOffset.within(position);
        if (index < BarRegions.COUNT) {
            return present.access().read((int) index, offset, target);
        }
        if (index == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) {
            return present.config().read(offset, target);
        }
        if (index == VfioPci.VFIO_PCI_ROM_REGION_INDEX) {
            return present.rom().read(offset, target);
        }
        throw noRegion(index);
    }

    @Override
    public long write(long position, MemorySegment source) {
        lowPower.get();
        try {
            return writeAwake(position, source);
        } finally {
            lowPower.put();
        }
    }

    private long writeAwake(long position, MemorySegment source) {
        var present = open();
        if (source.byteSize() == 0) {
            return 0;
        }
        long index = RegionOffset.index(position);
        long offset = RegionOffset.within(position);
        if (index < BarRegions.COUNT) {
            return present.access().write((int) index, offset, source);
        }
        if (index == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) {
            return present.config().write(offset, source);
        }
        if (index == VfioPci.VFIO_PCI_ROM_REGION_INDEX) {
            throw new VfioException(Errno.EINVAL, function.name() + ": the ROM cannot be written");
        }
        throw noRegion(index);
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        long index = RegionOffset.index(offset);
        if (index >= VfioPci.VFIO_PCI_NUM_REGIONS || !shared || index >= BarRegions.COUNT) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": region " + index + " cannot be mapped" + (shared ? "" : " privately"));
        }
        return open().bars().map((int) index, RegionOffset.within(offset), length, protection);
    }

    /** Does not let the function sleep by itself until {@link #mayFallAsleep} (kernel: {@code pm_runtime_get}). */
    void stayAwake() {
        lowPower.get();
    }

    void mayFallAsleep() {
        lowPower.put();
    }

    /** Full power, whether the function is open or not. */
    void wake() {
        var lock = vfio().deviceSet().lock();
        lock.lock();
        try {
            var present = open;
            if (present != null) {
                present.control().setPower(PowerState.D0);
            } else {
                new PowerState(function).set(PowerState.D0);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long feature(Caller caller, int flags, long argument, long length) {
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_MASK) == VfioFeature.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN) {
            var token = tokenRole.own();
            return token == null
                    ? DeviceOps.super.feature(caller, flags, argument, length)
                    : token.feature(caller, flags, argument, length);
        }
        return switch (flags & VfioFeature.VFIO_DEVICE_FEATURE_MASK) {
            case VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY -> lowPower.enter(open(), flags);
            case VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP ->
                lowPower.enterWithWakeup(open(), caller, flags, argument, length);
            case VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT -> lowPower.exit(open(), flags);
            default -> DeviceOps.super.feature(caller, flags, argument, length);
        };
    }

    @Override
    public void request(int count) {
        var present = open;
        if (present == null || !present.interrupts().request()) {
            LOG.warn("{}: its user is asked to let go, but has given no event file for that", function.name());
        }
    }
}
