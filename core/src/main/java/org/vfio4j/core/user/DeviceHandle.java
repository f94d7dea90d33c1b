// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.Device;
import org.vfio4j.DmaLogging;
import org.vfio4j.DmaSpace;
import org.vfio4j.HotReset;
import org.vfio4j.Interrupts;
import org.vfio4j.Migration;
import org.vfio4j.OpenPath;
import org.vfio4j.Region;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;

/** A granted device file the program has open. */
final class DeviceHandle implements Device {
    private final OpenDeviceFile file;
    private final OpenPath path;
    private final DmaOfDevice dma;
    private final Handles handles;
    private final Runnable close;
    private final Map<Integer, DeviceInterrupts> interrupts = new ConcurrentHashMap<>();

    /**
     * A granted file.
     *
     * @param close closes the file and what was opened with it; idempotent
     */
    DeviceHandle(OpenDeviceFile file, OpenPath path, DmaOfDevice dma, Handles handles, Runnable close) {
        this.file = file;
        this.path = path;
        this.dma = dma;
        this.handles = handles;
        this.close = close;
    }

    @Override
    public String name() {
        return file.file().device().busDevice().name();
    }

    @Override
    public OpenPath path() {
        return path;
    }

    @Override
    public DeviceInfo info() {
        return file.awake(DeviceOps::info);
    }

    @Override
    public Region region(int index) {
        return new DeviceRegion(file, handles, file.awake(ops -> ops.regionInfo(index)));
    }

    @Override
    public Interrupts interrupts(int index) {
        return interrupts.computeIfAbsent(
                index, key -> new DeviceInterrupts(file, file.awake(ops -> ops.irqInfo(key))));
    }

    @Override
    public void reset() {
        file.awake(ops -> {
            ops.reset();
            return ops;
        });
    }

    @Override
    public Optional<HotReset> hotReset() {
        return Optional.ofNullable(file.file().device().ops().hotReset()).map(reset -> new HotResetHandle(file, reset));
    }

    @Override
    public Optional<Migration> migration() {
        return file.file().device().migration().map(migration -> new MigrationHandle(file, migration, handles));
    }

    @Override
    public Optional<DmaLogging> dmaLogging() {
        return file.file().device().dmaLogging().map(logging -> new DmaLoggingHandle(file, logging));
    }

    @Override
    public DmaSpace dma() {
        return dma.space();
    }

    @Override
    public void close() {
        handles.forget(this);
        close.run();
    }
}
