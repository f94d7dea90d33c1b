// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FixtureOps;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A driver's ops that hold the core to P-1, P-2, P-5, P-7, P-11, P-15 and P-18, and pin memory on request. */
final class WatchedOps implements FixtureOps {
    /** Pins the page at the I/O address in the argument. */
    static final int PIN = 0x7001;

    /** Takes the pin of the page at the I/O address in the argument back. */
    static final int UNPIN = 0x7002;

    private static final int OPENED = 42;

    private enum State {
        CLOSED,
        OPENING,
        OPEN,
        CLOSING
    }

    private final Books books;
    private final FakeDevice device;
    private final AtomicInteger insideSet;
    private final AtomicReference<State> state = new AtomicReference<>(State.CLOSED);
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicBoolean unregistered = new AtomicBoolean();
    private final DmaUnmapListener unmapListener = this::dmaUnmap;

    /** Guards {@link #pinned}; held across pin and unpin, never around open and close of anything. */
    private final ReentrantLock pinsLock = new ReentrantLock();

    private final Set<Long> pinned = new HashSet<>();

    /** Written by openDevice without any synchronisation of its own (P-15). */
    private int opened;

    /** The user was asked to let go. */
    volatile boolean leaving;

    private final WatchedMigration migration;
    private @Nullable VfioDevice vfioDevice;

    WatchedOps(Books books, FakeDevice device, AtomicInteger insideSet) {
        this.books = books;
        this.device = device;
        this.insideSet = insideSet;
        this.migration = new WatchedMigration(books, () -> vfioDevice().migrationControl());
    }

    @Override
    public WatchedMigration migration() {
        return migration;
    }

    @Override
    public void allocated(VfioDevice allocated) {
        vfioDevice = allocated;
    }

    @Override
    public VfioDevice vfioDevice() {
        return Objects.requireNonNull(vfioDevice);
    }

    /** From now on nothing but release may be called (P-7). */
    @Override
    public void unregistered() {
        books.require(state.get() == State.CLOSED, device.name() + " is unregistered while " + state);
        unregistered.set(true);
    }

    /** How often the user was asked to let go. */
    int requests() {
        return requests.get();
    }

    /** Whether a user of the device holds it open now. */
    boolean open() {
        return state.get() != State.CLOSED;
    }

    @Override
    public String driverName() {
        return FakeDriver.NAME;
    }

    @Override
    public void openDevice() {
        requireRegistered("open_device");
        books.require(insideSet.incrementAndGet() == 1, "two members of a set are opened or closed at once");
        move(State.CLOSED, State.OPENING);
        if (device.iommuGroup().isPresent() && !device.emulated) {
            books.require(
                    device.iommuGroup()
                            .get()
                            .dmaOwnerDescription()
                            .filter("VFIO"::equals)
                            .isPresent(),
                    device.name() + " is opened while VFIO does not own its group");
        }
        books.opens.incrementAndGet();
        LockSupport.parkNanos(1);
        opened = OPENED;
        migration.opened();
        move(State.OPENING, State.OPEN);
        insideSet.decrementAndGet();
    }

    @Override
    public void closeDevice() {
        requireRegistered("close_device");
        books.require(insideSet.incrementAndGet() == 1, "two members of a set are opened or closed at once");
        move(State.OPEN, State.CLOSING);
        books.require(calls.get() == 0, device.name() + " is closed while calls run");
        dmaUnmap(0, Long.MAX_VALUE);
        migration.closed();
        opened = 0;
        LockSupport.parkNanos(1);
        move(State.CLOSING, State.CLOSED);
        insideSet.decrementAndGet();
    }

    private void move(State from, State to) {
        books.require(state.compareAndSet(from, to), device.name() + " goes to " + to + " from " + state);
    }

    private void requireRegistered(String call) {
        books.require(!unregistered.get(), call + " of " + device.name() + " after its unregistration");
    }

    private void call(String name) {
        calls.incrementAndGet();
        requireRegistered(name);
        books.require(state.get() == State.OPEN, name + " of " + device.name() + " while it is " + state);
        books.require(opened == OPENED, name + " of " + device.name() + " does not see what open_device wrote");
        books.require(vfioDevice().openCount() > 0, name + " of " + device.name() + " with open count 0");
        calls.decrementAndGet();
    }

    @Override
    public DeviceInfo info() {
        call("GET_INFO");
        return new DeviceInfo(0, 1, 1);
    }

    @Override
    public RegionInfo regionInfo(int index) {
        call("GET_REGION_INFO");
        return new RegionInfo(0, 3, PinnedSpace.PAGE, 0);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        call("GET_IRQ_INFO");
        return new IrqInfo(index, 1, 1);
    }

    @Override
    public long setIrqs(IrqSet request) {
        call("SET_IRQS");
        return 0;
    }

    @Override
    public void reset() {
        call("RESET");
        migration.reset();
    }

    @Override
    public long read(long position, MemorySegment target) {
        call("read");
        return target.byteSize();
    }

    @Override
    public long write(long position, MemorySegment source) {
        call("write");
        return source.byteSize();
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        call("mmap");
        throw new VfioException(Errno.ENODEV, "nothing to map");
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        calls.incrementAndGet();
        try {
            books.require(state.get() == State.OPEN, "ioctl of " + device.name() + " while it is " + state);
            switch (command) {
                case PIN -> pin(argument);
                case UNPIN -> dmaUnmap(argument, PinnedSpace.PAGE);
                default -> throw new VfioException(Errno.ENOTTY, "no such ioctl");
            }
            return 0;
        } finally {
            calls.decrementAndGet();
        }
    }

    private void pin(long iova) {
        pinsLock.lock();
        try {
            if (!pinned.contains(iova)) {
                vfioDevice().pinPages(iova, 1, Protection.READ, (phys, length) -> {});
                pinned.add(iova);
            }
        } finally {
            pinsLock.unlock();
        }
    }

    private void dmaUnmap(long iova, long length) {
        pinsLock.lock();
        try {
            pinned.removeIf(page -> {
                if (page < iova || page - iova >= length) {
                    return false;
                }
                vfioDevice().unpinPages(page, 1);
                return true;
            });
        } finally {
            pinsLock.unlock();
        }
    }

    @Override
    public @Nullable DmaUnmapListener dmaUnmap() {
        return unmapListener;
    }

    @Override
    public void request(int count) {
        requireRegistered("request");
        books.require(
                requests.getAndIncrement() == count, "request " + count + " of " + device.name() + " is out of turn");
        books.requests.incrementAndGet();
        leaving = true;
    }

    @Override
    public @Nullable IommufdOps iommufdOps() {
        return device.emulated
                ? vfioDevice().emulatedIommufdOps()
                : vfioDevice().physicalIommufdOps();
    }

    @Override
    public String toString() {
        return device.name();
    }
}
