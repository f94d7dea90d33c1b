// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An open of a device (kernel: {@code struct vfio_device_file}). Until it is granted the driver's ops cannot be reached
 * through it. The granted files of one device are equal. Thread-safe. Spec: core §6.
 */
public abstract sealed class VfioDeviceFile implements AutoCloseable permits GroupDeviceFile, CdevFile {
    private final CoreDevice device;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Written after the complete open sequence: who sees it sees all the sequence did (DF-23, P-15). */
    private volatile boolean granted;

    /** The machine to be remembered at a first open through this file; no reference is held (EXT-2). */
    private volatile @Nullable VirtualMachine machine;

    VfioDeviceFile(CoreDevice device, boolean granted) {
        this.device = device;
        this.granted = granted;
    }

    /** The device. */
    public CoreDevice device() {
        return device;
    }

    /** Whether the driver's ops are reachable. */
    public boolean granted() {
        return granted;
    }

    void grant() {
        granted = true;
    }

    /** Says which machine the device is for if this file opens it. */
    public void machine(@Nullable VirtualMachine next) {
        machine = next;
    }

    @Nullable
    VirtualMachine machine() {
        return machine;
    }

    /**
     * The driver's ops.
     *
     * @throws VfioException EINVAL while parked (DF-1, DF-2)
     */
    public DeviceOps ops() {
        requireGranted();
        return device.ops();
    }

    /**
     * Refuses while the file is parked.
     *
     * @throws VfioException EINVAL (DF-1, DF-2)
     */
    public void requireGranted() {
        if (!granted) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DF-1",
                    "the file of " + device + " is not bound to an iommufd yet: only BIND_IOMMUFD works");
        }
    }

    /** What {@code /proc/PID/fdinfo} adds (NA-2). */
    public String fdinfo() {
        return "vfio-device-syspath: /sys" + device.busDevice().sysfsPath() + "\n";
    }

    /** The release: the last descriptor and mapping are gone. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release();
        }
    }

    /** What a close does for this kind of file. */
    abstract void release();
}
