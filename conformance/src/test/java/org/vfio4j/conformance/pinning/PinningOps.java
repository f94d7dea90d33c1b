// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
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

/** A device that pins single pages and knows which, and how often. */
final class PinningOps implements DeviceOps {
    /** Pins the page at the address in the argument; 1 when it is new, 0 when it was pinned. */
    static final int PIN = 0x7001;

    /** Takes all pins of the page at the address in the argument back. */
    static final int UNPIN = 0x7002;

    /** How many pages are pinned from the address in the argument on. */
    static final int COUNT = 0x7003;

    /** Pins the page at the address in the argument once more; how often it is pinned then. */
    static final int PIN_MORE = 0x7004;

    /** Takes one pin of the page at the address in the argument back; how often it is pinned then. */
    static final int UNPIN_ONE = 0x7005;

    /** How often somebody was told that memory goes. */
    static final int CALLS = 0x7006;

    /** With argument 1 no pin is given back any more when memory goes, with 0 all are again. */
    static final int KEEP = 0x7007;

    private static final int PAGE = 4096;

    /** Guards {@link #pinned}; held across pins, as callbacks have to find what was pinned. */
    private final ReentrantLock pinsLock = new ReentrantLock();

    private final TreeMap<Long, Integer> pinned = new TreeMap<>();
    private final DmaUnmapListener listener = this::unmapped;
    private final AtomicInteger calls = new AtomicInteger();
    private final boolean physical;
    private volatile boolean keeping;
    private @Nullable VfioDevice device;

    /**
     * The ops of a device.
     *
     * @param physical whether it is registered as one that does DMA itself
     */
    PinningOps(boolean physical) {
        this.physical = physical;
    }

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
            case PIN_MORE -> change(argument, 1);
            case UNPIN_ONE -> change(argument, -1);
            case CALLS -> calls.get();
            case KEEP -> {
                keeping = argument != 0;
                yield 0;
            }
            default -> throw new VfioException(Errno.ENOTTY, "no ioctl 0x" + Integer.toHexString(command));
        };
    }

    private long pin(long iova) {
        pinsLock.lock();
        try {
            return pinned.containsKey(iova) ? 0 : change(iova, 1);
        } finally {
            pinsLock.unlock();
        }
    }

    /** Pins a page once more, or once less; answers how often it is pinned then. */
    private long change(long iova, int pins) {
        pinsLock.lock();
        try {
            if (pins > 0) {
                device().pinPages(iova, 1, Protection.READ | Protection.WRITE, (phys, length) -> {});
            } else {
                device().unpinPages(iova, 1);
            }
            int now = pinned.merge(iova, pins, Integer::sum);
            pinned.remove(iova, 0);
            return now;
        } finally {
            pinsLock.unlock();
        }
    }

    private void unmapped(long iova, long length) {
        calls.incrementAndGet();
        if (!keeping) {
            unpin(iova, length);
        }
    }

    private long unpin(long iova, long length) {
        pinsLock.lock();
        try {
            var range = pinned.tailMap(iova, true);
            long taken = 0;
            while (!range.isEmpty() && range.firstKey() - iova < length) {
                var page = range.pollFirstEntry();
                for (int i = 0; i < page.getValue(); i++) {
                    device().unpinPages(page.getKey(), 1);
                }
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
            return pinned.tailMap(iova).size();
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
        return physical ? device().physicalIommufdOps() : device().emulatedIommufdOps();
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
