// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.vfio.MigrationStates;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.Virqfd;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A core that binds at once; a device that is "open" keeps its unregistration waiting. */
final class FakeCore implements DriverEnvironment {
    final PhysicalMemory memory = new FrameTable();
    final Map<BusDevice, FakeDevice> devices = new ConcurrentHashMap<>();
    final List<FakeDevice> allocated = new ArrayList<>();
    final VfioMdevDriver driver = new VfioMdevDriver(this);

    /** Thrown by the next registration. */
    volatile @Nullable VfioException failure;

    /** Runs inside every bind. */
    volatile Runnable whileBinding = () -> {};

    @Override
    public VfioDevice allocate(BusDevice busDevice, DeviceOps ops) {
        var device = new FakeDevice(busDevice, ops);
        allocated.add(device);
        return device;
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public void bind(BusDevice device) {
        whileBinding.run();
        driver.probe(device);
    }

    @Override
    public void unbind(BusDevice device) {
        if (!devices.containsKey(device)) {
            throw new VfioException(Errno.ENODEV, "no driver has " + device.name());
        }
        driver.remove(device);
    }

    @Override
    public Virqfd virqfd(Virqfd.@Nullable Handler handler, @Nullable Runnable thread) {
        throw new UnsupportedOperationException("these drivers have no virqfd");
    }

    @Override
    public List<DmaRange> combineRanges(List<DmaRange> ranges, int wanted) {
        throw new UnsupportedOperationException("these drivers watch no ranges");
    }

    @Override
    public Optional<String> option(String name) {
        return Optional.empty();
    }

    /** A VFIO device that knows whether it is registered and whether somebody waits for its users. */
    final class FakeDevice implements VfioDevice {
        private final BusDevice busDevice;
        private final DeviceOps ops;
        final CountDownLatch unregistering = new CountDownLatch(1);
        volatile CountDownLatch closed = new CountDownLatch(0);
        final AtomicInteger puts = new AtomicInteger();

        FakeDevice(BusDevice busDevice, DeviceOps ops) {
            this.busDevice = busDevice;
            this.ops = ops;
        }

        void open() {
            closed = new CountDownLatch(1);
        }

        void close() {
            closed.countDown();
        }

        @Override
        public int index() {
            return 0;
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
        public void assignDeviceSet(Object key) {
            throw new AssertionError("a mediated device is a set of its own");
        }

        @Override
        public DeviceSet deviceSet() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void register() {
            throw new AssertionError("a mediated device is an emulated one");
        }

        @Override
        public void registerEmulated() {
            var refused = failure;
            if (refused != null) {
                throw refused;
            }
            devices.put(busDevice, this);
        }

        @Override
        public void unregister() {
            devices.remove(busDevice);
            unregistering.countDown();
            try {
                closed.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void put() {
            puts.incrementAndGet();
        }

        @Override
        public Optional<IommufdContext> cdevContext() {
            return Optional.empty();
        }

        @Override
        public int deviceIdIn(IommufdContext context) {
            return -1;
        }

        @Override
        public int openCount() {
            return (int) closed.getCount();
        }

        @Override
        public IommufdOps physicalIommufdOps() {
            throw new AssertionError("a mediated device does no DMA of its own");
        }

        @Override
        public IommufdOps physicalPasidIommufdOps() {
            return physicalIommufdOps();
        }

        @Override
        public Optional<VirtualMachine> machine() {
            return Optional.empty();
        }

        @Override
        public IommufdOps emulatedIommufdOps() {
            return EMULATED;
        }

        @Override
        public MigrationControl migrationControl() {
            return CONTROL;
        }

        @Override
        public void pinPages(long iova, int pages, int protection, RunSink sink) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void unpinPages(long iova, int pages) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void dmaRw(long iova, MemorySegment buffer, boolean write) {
            throw new UnsupportedOperationException();
        }
    }

    /** The core's table of states. */
    private static final MigrationControl CONTROL = new MigrationControl() {
        @Override
        public int nextState(int flags, int current, int requested) {
            return MigrationStates.nextState(flags, current, requested);
        }

        @Override
        public boolean precopyInfoV2() {
            return false;
        }
    };

    /** The emulated steps, for comparison. */
    static final IommufdOps EMULATED = new IommufdOps() {
        @Override
        public int bind(IommufdContext context) {
            return 1;
        }

        @Override
        public void unbind() {}

        @Override
        public int attach(int ptId) {
            return ptId;
        }

        @Override
        public void detach() {}
    };
}
