// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.vfio.EventVirqfd;
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

/** Just enough of the core to probe functions, and to open and close them. */
final class FakeVfio implements DriverEnvironment {
    final Map<String, String> options = new java.util.HashMap<>();
    final List<FakeDevice> registered = new ArrayList<>();
    final List<BusDevice> overridden = new ArrayList<>();
    private final Map<Object, FakeSet> sets = new IdentityHashMap<>();

    /** Null: registration works. */
    @Nullable
    Errno registerFailure;

    int live;

    /** Probes a function with a driver of its own. */
    FakeDevice probe(BusDevice function) {
        new VfioPciDriver(this).probe(function);
        return registered.getLast();
    }

    @Override
    public VfioDevice allocate(BusDevice busDevice, DeviceOps ops) {
        live++;
        return new FakeDevice(busDevice, ops);
    }

    @Override
    public PhysicalMemory memory() {
        return FourKibPages.INSTANCE;
    }

    @Override
    public void bind(BusDevice device) {
        throw new AssertionError("vfio-pci binds nothing");
    }

    @Override
    public void driverOverride(BusDevice device) {
        overridden.add(device);
    }

    @Override
    public void unbind(BusDevice device) {
        throw new AssertionError("vfio-pci unbinds nothing");
    }

    @Override
    public Virqfd virqfd(Virqfd.@Nullable Handler handler, @Nullable Runnable thread) {
        return new EventVirqfd(handler, thread);
    }

    @Override
    public List<DmaRange> combineRanges(List<DmaRange> ranges, int wanted) {
        throw new UnsupportedOperationException("these drivers watch no ranges");
    }

    @Override
    public Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }

    final class FakeDevice implements VfioDevice {
        private final BusDevice busDevice;
        private final DeviceOps ops;
        private @Nullable FakeSet set;
        private int openCount;

        /** Not null: it is open through its own file. */
        @Nullable
        IommufdContext cdevContext;

        /** What it is to any iommufd. */
        int deviceId = -1;

        FakeDevice(BusDevice busDevice, DeviceOps ops) {
            this.busDevice = busDevice;
            this.ops = ops;
        }

        VfioPciDevice pci() {
            return (VfioPciDevice) ops;
        }

        VfioPciDevice open() {
            ops.openDevice();
            openCount++;
            return pci();
        }

        void close() {
            ops.closeDevice();
            openCount--;
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
            set = sets.computeIfAbsent(key, FakeSet::new);
        }

        @Override
        public DeviceSet deviceSet() {
            var present = set;
            if (present == null) {
                throw new AssertionError("no set yet");
            }
            return present;
        }

        @Override
        public void register() {
            if (registerFailure != null) {
                throw new VfioException(registerFailure, "the test refuses registration");
            }
            if (set == null) {
                assignDeviceSet(this);
            }
            ((FakeSet) deviceSet()).devices.add(this);
            registered.add(this);
        }

        @Override
        public void registerEmulated() {
            throw new AssertionError("a PCI function does DMA");
        }

        @Override
        public void unregister() {
            registered.remove(this);
        }

        @Override
        public void put() {
            live--;
        }

        @Override
        public int openCount() {
            return openCount;
        }

        @Override
        public Optional<IommufdContext> cdevContext() {
            return Optional.ofNullable(cdevContext);
        }

        @Override
        public int deviceIdIn(IommufdContext context) {
            return deviceId;
        }

        @Override
        public IommufdOps physicalIommufdOps() {
            throw new AssertionError("not part of these tests");
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
            throw new AssertionError("a PCI function does DMA");
        }

        @Override
        public MigrationControl migrationControl() {
            throw new UnsupportedOperationException("nothing migrates in these tests");
        }

        @Override
        public void pinPages(long iova, int pages, int protection, RunSink sink) {
            throw new AssertionError("a PCI function does DMA");
        }

        @Override
        public void unpinPages(long iova, int pages) {
            throw new AssertionError("a PCI function does DMA");
        }

        @Override
        public void dmaRw(long iova, MemorySegment buffer, boolean write) {
            throw new AssertionError("a PCI function does DMA");
        }
    }

    private static final class FakeSet implements DeviceSet {
        final List<VfioDevice> devices = new ArrayList<>();
        private final Object key;
        private final ReentrantLock lock = new ReentrantLock();

        FakeSet(Object key) {
            this.key = key;
        }

        @Override
        public Object key() {
            return key;
        }

        @Override
        public ReentrantLock lock() {
            return lock;
        }

        @Override
        public List<VfioDevice> members() {
            return devices;
        }

        @Override
        public void operate(SetOperation operation) {
            var held = new ArrayDeque<Lock>();
            lock.lock();
            try {
                operation.check(devices);
                for (var device : devices) {
                    var memory = operation.memoryLock(device);
                    if (!memory.tryLock()) {
                        throw new VfioException(Errno.EBUSY, device.busDevice().name() + " is in use");
                    }
                    held.push(memory);
                }
                operation.perform(devices);
            } finally {
                held.forEach(Lock::unlock);
                lock.unlock();
            }
        }

        @Override
        public int openCount() {
            return devices.stream().mapToInt(VfioDevice::openCount).sum();
        }
    }
}
