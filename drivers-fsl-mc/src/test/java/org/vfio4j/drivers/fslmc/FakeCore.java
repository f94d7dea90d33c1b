// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.FrameTable;
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

/** A core that binds at once; a device that is "open" keeps its unregistration waiting. Sets are made by key. */
final class FakeCore implements DriverEnvironment {
    final PhysicalMemory memory = new FrameTable();
    final Map<BusDevice, FakeDevice> devices = new ConcurrentHashMap<>();
    final VfioFslMcDriver driver = new VfioFslMcDriver(this, new FakeClock());

    /** Thrown by the next registration. */
    volatile @Nullable VfioException failure;

    @Override
    public VfioDevice allocate(BusDevice busDevice, DeviceOps ops) {
        return new FakeDevice(busDevice, ops);
    }

    @Override
    public PhysicalMemory memory() {
        return memory;
    }

    @Override
    public void bind(BusDevice device) {
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
        private Object setKey = this;

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
            setKey = key;
        }

        @Override
        public DeviceSet deviceSet() {
            return new FakeSet(setKey);
        }

        @Override
        public void register() {
            var refused = failure;
            if (refused != null) {
                throw refused;
            }
            devices.put(busDevice, this);
        }

        @Override
        public void registerEmulated() {
            throw new AssertionError("an fsl-mc object is a physical device");
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
            ops.release();
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
            throw new UnsupportedOperationException();
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
            throw new AssertionError("an fsl-mc object is a physical device");
        }

        @Override
        public MigrationControl migrationControl() {
            throw new UnsupportedOperationException("nothing migrates in these tests");
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

    /**
     * A set that is nothing but its key and its lock.
     *
     * @param key of the set
     * @param lock of the set
     */
    record FakeSet(Object key, ReentrantLock lock) implements DeviceSet {
        FakeSet(Object key) {
            this(key, new ReentrantLock());
        }

        @Override
        public List<VfioDevice> members() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void operate(SetOperation operation) {
            throw new UnsupportedOperationException("no operation on whole sets in these tests");
        }

        @Override
        public int openCount() {
            throw new UnsupportedOperationException();
        }
    }
}
