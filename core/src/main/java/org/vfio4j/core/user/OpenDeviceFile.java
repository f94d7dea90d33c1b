// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.function.Function;
import org.vfio4j.core.vfio.VfioDeviceFile;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.uapi.VfioException;

/**
 * A device file as the program holds it. Its calls and mappings are counted, so that the driver's last close never meets one
 * (core P-5).
 */
final class OpenDeviceFile {
    private final VfioDeviceFile file;
    private final HoldCount holds;

    OpenDeviceFile(VfioDeviceFile file) {
        this.file = file;
        this.holds = new HoldCount(() -> "the file of " + file.device(), file::close);
    }

    /** The file. */
    VfioDeviceFile file() {
        return file;
    }

    /**
     * Keeps the file from being released until {@link #exit}.
     *
     * @throws VfioException EBADF after close
     */
    void hold() {
        holds.enter();
    }

    /**
     * Begins a call or a mapping, which {@link #exit} ends.
     *
     * @return the driver's ops
     * @throws VfioException EBADF after close, EINVAL while parked
     */
    DeviceOps enter() {
        holds.enter();
        try {
            return file.ops();
        } catch (RuntimeException e) {
            holds.exit();
            throw e;
        }
    }

    /**
     * A call of the driver's ops, with the device awake for its time.
     *
     * @throws VfioException EBADF after close, EINVAL while parked, EIO when the device does not wake, or what the call throws
     */
    <T> T awake(Function<DeviceOps, T> call) {
        var ops = enter();
        try {
            var power = file.device().wake();
            try {
                return call.apply(ops);
            } finally {
                if (power != null) {
                    power.put();
                }
            }
        } finally {
            exit();
        }
    }

    /** Ends a call or a mapping. */
    void exit() {
        holds.exit();
    }

    /**
     * Closes the program's handle.
     *
     * @return false when that was done before
     */
    boolean close() {
        return holds.close();
    }
}
