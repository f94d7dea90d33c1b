// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A device that pins single pages, each at most once, and knows which. */
final class PinningOps implements DeviceOps {
    /** Pins the page at the address in the argument; 1 when it is new, 0 when it was pinned. */
    static final int PIN = 0x7001;

    /** Takes the pin of the page at the address in the argument back. */
    static final int UNPIN = 0x7002;

    /** How many pages are pinned from the address in the argument on. */
    static final int COUNT = 0x7003;

    private static final int PAGE = 4096;

    /** Guards {@link #pinned}; held across pins, as callbacks have to find what was pinned. */
    private final ReentrantLock pinsLock = new ReentrantLock();

    private final TreeSet<Long> pinned = new TreeSet<>();
    private final DmaUnmapListener listener = this::unpin;
    private @Nullable VfioDevice device;

    void allocated(VfioDevice allocated) {
        device = allocated;
    }

    private VfioDevice device() {
        return Objects.requireNonNull(device);
    }

    @Override
    public String driverName() {
        return PinningDriver.NAME;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return switch (command) {
            case PIN -> pin(argument);
            case UNPIN -> unpin(argument, PAGE);
            case COUNT -> count(argument);
            default -> throw new VfioException(Errno.ENOTTY, "no ioctl 0x" + Integer.toHexString(command));
        };
    }

    private long pin(long iova) {
        pinsLock.lock();
        try {
            if (pinned.contains(iova)) {
                return 0;
            }
            device().pinPages(iova, 1, Protection.READ | Protection.WRITE, (phys, length) -> {});
            pinned.add(iova);
            return 1;
        } finally {
            pinsLock.unlock();
        }
    }

    private long unpin(long iova, long length) {
        pinsLock.lock();
        try {
            var range = pinned.tailSet(iova, true);
            long taken = 0;
            while (!range.isEmpty() && range.first() - iova < length) {
                device().unpinPages(range.pollFirst(), 1);
                taken++;
            }
            return taken;
        } finally {
            pinsLock.unlock();
        }
    }

    private long count(long iova) {
        pinsLock.lock();
        try {
            return pinned.tailSet(iova).size();
        } finally {
            pinsLock.unlock();
        }
    }

    @Override
    public void closeDevice() {
        unpin(0, Long.MAX_VALUE);
    }

    @Override
    public DmaUnmapListener dmaUnmap() {
        return listener;
    }

    @Override
    public IommufdOps iommufdOps() {
        return device().emulatedIommufdOps();
    }

    @Override
    public DeviceInfo info() {
        return new DeviceInfo(0, 0, 0);
    }

    @Override
    public RegionInfo regionInfo(int index) {
        throw new VfioException(Errno.EINVAL, "there is no region " + index);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        throw new VfioException(Errno.EINVAL, "there is no interrupt " + index);
    }

    @Override
    public long setIrqs(IrqSet request) {
        throw new VfioException(Errno.EINVAL, "there are no interrupts");
    }

    @Override
    public void reset() {
        throw new VfioException(Errno.EINVAL, "there is no reset");
    }
}
