// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * A serial device: one or two looped-back ports, and for one type a DMA engine. The ports outlive a close, as in the
 * original; interrupts, pins, a running transfer, a migration and a log of writes end with it. Spec: mdev §9.
 */
final class SerialDevice implements SampleModel {
    private static final int REGION_SHIFT = 40;
    private static final long OFFSET_MASK = (1L << REGION_SHIFT) - 1;

    private final SerialType type;
    private final SerialInterrupts interrupts = new SerialInterrupts();
    private final @Nullable SerialDma dma;

    /** Guards configuration space and ports; before the locks of interrupts and DMA, never held while those are asked. */
    private final ReentrantLock registerLock = new ReentrantLock();

    private final SerialConfigSpace config;
    private final List<Uart> ports = new ArrayList<>();

    /** Ports do not change; guarded by the register lock. */
    private boolean stopped;

    /** What the engine has written; without an engine there is nothing to record. */
    private final WriteLog log = new WriteLog();

    /** Null until the driver asks for it, before registration. */
    private @Nullable SerialMigration migration;

    SerialDevice(SerialType type, Executor thread) {
        this.type = type;
        this.config = new SerialConfigSpace(type);
        for (int port = 0; port < type.ports(); port++) {
            ports.add(new Uart());
        }
        this.dma = type.engine() ? new SerialDma(interrupts, log, thread) : null;
    }

    SerialType type() {
        return type;
    }

    @Override
    public Map<String, DeviceAttribute> attributes(UUID uuid) {
        return Map.of("vendor/sample_mdev_dev", TextAttribute.line(() -> "This is MDEV " + uuid));
    }

    @Override
    public void open(UserMemory memory) {
        if (dma != null) {
            dma.open(memory);
        }
    }

    @Override
    public void close() {
        if (dma != null) {
            dma.close();
        }
        log.stop();
        if (migration != null) {
            migration.reset();
        }
        interrupts.disable();
    }

    @Override
    public MigrationOps migration(MigrationControl control) {
        var made = new SerialMigration(this, control);
        migration = made;
        return made;
    }

    @Override
    public DmaLoggingOps dmaLogging() {
        return type.engine() ? log : NoWrites.INSTANCE;
    }

    /** The DMA engine of a type that has one. */
    @Nullable
    SerialDma engine() {
        return dma;
    }

    /** From now on the device does nothing else by itself; what it has begun is done when this returns. */
    void allow(Activity activity) {
        registerLock.lock();
        try {
            stopped = activity == Activity.NONE;
        } finally {
            registerLock.unlock();
        }
        if (dma != null) {
            dma.allow(activity);
        }
        if (activity == Activity.NONE) {
            interrupts.drain();
        }
    }

    /** Why a stopped device refuses what would change it. */
    static VfioException stoppedDevice() {
        return new VfioException(
                Errno.EFAULT, "access refused: it would change a device that is stopped for migration");
    }

    /** Writes every port as a {@link SavedPort}, one behind the other. */
    void savePorts(MemorySegment target) {
        registerLock.lock();
        try {
            for (int port = 0; port < ports.size(); port++) {
                ports.get(port).save(savedPort(target, port));
            }
        } finally {
            registerLock.unlock();
        }
    }

    /** Takes ports that were {@linkplain #checkPorts checked}. */
    void restorePorts(MemorySegment saved) {
        registerLock.lock();
        try {
            for (int port = 0; port < ports.size(); port++) {
                ports.get(port).restore(savedPort(saved, port));
            }
        } finally {
            registerLock.unlock();
        }
    }

    /**
     * Checks saved ports.
     *
     * @throws VfioException EINVAL when one of them is in no possible state
     */
    static void checkPorts(MemorySegment saved) {
        for (int port = 0; port < saved.byteSize() / SavedPort.LENGTH; port++) {
            SavedPort.check(savedPort(saved, port));
        }
    }

    private static MemorySegment savedPort(MemorySegment saved, int port) {
        return saved.asSlice((long) port * SavedPort.LENGTH, SavedPort.LENGTH);
    }

    /** Taken apart. */
    void free() {
        if (dma != null) {
            dma.free();
        }
    }

    @Override
    public void dmaUnmap(long iova, long length) {
        if (dma != null) {
            dma.dmaUnmap(iova, length);
        }
    }

    @Override
    public DeviceInfo info() {
        interrupts.describe();
        return new DeviceInfo(
                        VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET | VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI,
                        VfioPci.VFIO_PCI_NUM_REGIONS,
                        VfioPci.VFIO_PCI_NUM_IRQS)
                .withoutCapabilities();
    }

    @Override
    public RegionInfo regionInfo(int index) {
        if (index < 0 || index >= VfioPci.VFIO_PCI_NUM_REGIONS) {
            throw new VfioException(Errno.EINVAL, "GET_REGION_INFO refused: a serial device has no region " + index);
        }
        return new RegionInfo(
                index,
                VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE,
                size(index),
                (long) index << REGION_SHIFT);
    }

    private int size(int region) {
        if (region == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) {
            return SerialConfigSpace.LENGTH;
        }
        if (region < ports.size()) {
            return Uart.LENGTH;
        }
        return dma != null && region == VfioPci.VFIO_PCI_BAR1_REGION_INDEX ? SerialDmaRegisters.LENGTH : 0;
    }

    @Override
    public IrqInfo irqInfo(int index) {
        return interrupts.info(index);
    }

    @Override
    public int irqLimit(int index) {
        return interrupts.limit(index);
    }

    @Override
    public long setIrqs(IrqSet request) {
        interrupts.set(request);
        return 0;
    }

    @Override
    public void reset() {
        // The ports keep their state, as the original's do.
        if (dma != null) {
            dma.reset();
        }
        if (migration != null) {
            migration.reset();
        }
    }

    @Override
    public long read(long position, MemorySegment target) {
        int region = region(position);
        long count = target.byteSize();
        long done = 0;
        while (done < count) {
            int size = chunk(region, position + done, count - done);
            int offset = offset(region, position + done, size);
            if (region == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) {
                readConfig(offset, target, done, size);
            } else if (region < ports.size()) {
                readPort(ports.get(region), offset, target, done, size);
            } else if (dma != null) {
                store(target, done, size, dma.read(offset, size));
            }
            done += size;
        }
        return done;
    }

    private void readConfig(int offset, MemorySegment target, long at, int size) {
        registerLock.lock();
        try {
            config.read(offset, target, at, size);
        } finally {
            registerLock.unlock();
        }
    }

    private void readPort(Uart port, int register, MemorySegment target, long at, int size) {
        int value;
        int caused;
        registerLock.lock();
        try {
            if (stopped && port.readTakes(register)) {
                throw stoppedDevice();
            }
            value = port.read(register);
            caused = takeInterrupts(port);
        } finally {
            registerLock.unlock();
        }
        store(target, at, size, value);
        raise(caused);
    }

    @Override
    public long write(long position, MemorySegment source) {
        int region = region(position);
        long count = source.byteSize();
        long done = 0;
        while (done < count) {
            int size = chunk(region, position + done, count - done);
            int offset = offset(region, position + done, size);
            if (region == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX) {
                writeConfig(offset, source, done, size);
            } else if (region < ports.size()) {
                writePort(ports.get(region), offset, Byte.toUnsignedInt(source.get(ValueLayout.JAVA_BYTE, done)));
            } else if (dma != null) {
                dma.write(offset, size, load(source, done, size));
            }
            done += size;
        }
        return done;
    }

    private void writeConfig(int offset, MemorySegment source, long at, int size) {
        registerLock.lock();
        try {
            config.write(offset, source, at, size);
        } finally {
            registerLock.unlock();
        }
    }

    private void writePort(Uart port, int register, int value) {
        int caused;
        registerLock.lock();
        try {
            if (stopped) {
                throw stoppedDevice();
            }
            port.write(register, value);
            caused = takeInterrupts(port);
        } finally {
            registerLock.unlock();
        }
        raise(caused);
    }

    private int takeInterrupts(Uart port) {
        int caused = port.takeInterrupts();
        if (caused != 0) {
            interrupts.announce();
        }
        return caused;
    }

    private void raise(int times) {
        if (times != 0) {
            interrupts.raise(times);
        }
    }

    private int region(long position) {
        long region = position >>> REGION_SHIFT;
        if (region > VfioPci.VFIO_PCI_CONFIG_REGION_INDEX || size((int) region) == 0) {
            throw new VfioException(
                    Errno.EFAULT, "access refused: a serial device has nothing at 0x" + Long.toHexString(position));
        }
        return (int) region;
    }

    /** Accesses are cut into aligned pieces of 4, 2 and 1 bytes; the engine's registers also take 8. */
    private int chunk(int region, long position, long left) {
        boolean wide = dma != null && region == VfioPci.VFIO_PCI_BAR1_REGION_INDEX;
        int size = wide ? Long.BYTES : Integer.BYTES;
        while (size > left || (position & (size - 1)) != 0) {
            size >>= 1;
        }
        return size;
    }

    private int offset(int region, long position, int size) {
        long offset = position & OFFSET_MASK;
        if (offset + size > size(region)) {
            throw new VfioException(
                    Errno.EFAULT,
                    "access refused: " + size + " bytes at 0x" + Long.toHexString(offset) + " reach beyond region "
                            + region);
        }
        return (int) offset;
    }

    private static void store(MemorySegment target, long at, int size, long value) {
        switch (size) {
            case Byte.BYTES -> target.set(UapiLayouts.U8, at, (byte) value);
            case Short.BYTES -> target.set(UapiLayouts.U16, at, (short) value);
            case Integer.BYTES -> target.set(UapiLayouts.U32, at, (int) value);
            default -> target.set(UapiLayouts.U64, at, value);
        }
    }

    private static long load(MemorySegment source, long at, int size) {
        return switch (size) {
            case Byte.BYTES -> Byte.toUnsignedLong(source.get(UapiLayouts.U8, at));
            case Short.BYTES -> Short.toUnsignedLong(source.get(UapiLayouts.U16, at));
            case Integer.BYTES -> Integer.toUnsignedLong(source.get(UapiLayouts.U32, at));
            default -> source.get(UapiLayouts.U64, at);
        };
    }
}
