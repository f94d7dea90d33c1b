// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.PowerOps;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceLowPowerEntryWithWakeup;

/**
 * The features by which a user lets a function sleep: mappings go away until the user takes it back, other accesses wake
 * it for their duration. With a wake-up event the first of them tells the user and ends low power by itself.
 * Spec: pci §16.2, core FT-5.
 */
final class LowPower implements PowerOps {
    private static final int METHODS = VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_SET;

    /** Guards everything below; taken after the memory lock. Nothing is signalled while it is held. */
    private final ReentrantLock powerLock = new ReentrantLock();

    /** Accesses that keep the function awake now. */
    private int users;

    /** The memory of the function while its user has given it to low power; null otherwise. */
    private @Nullable DeviceMemory engaged;

    /** Whether it went to sleep since. */
    private boolean asleep;

    /** Signalled by the first wake-up. */
    private @Nullable EventFile wakeup;

    @Override
    public void get() {
        EventFile woken = null;
        DeviceMemory back = null;
        powerLock.lock();
        try {
            users++;
            if (asleep) {
                asleep = false;
                woken = wakeup;
                if (woken != null) {
                    back = engaged;
                    disengage();
                }
            }
        } finally {
            powerLock.unlock();
        }
        if (back != null) {
            // Mappings work again before the user can know of the wake-up.
            back.enterExclusive();
            back.leaveExclusive();
        }
        if (woken != null) {
            woken.signal();
        }
    }

    @Override
    public void put() {
        powerLock.lock();
        try {
            users--;
            asleep = users == 0 && engaged != null;
        } finally {
            powerLock.unlock();
        }
    }

    private void disengage() {
        var memory = engaged;
        if (memory != null) {
            memory.lowPower(false);
        }
        engaged = null;
        wakeup = null;
        asleep = false;
    }

    /** LOW_POWER_ENTRY. */
    long enter(OpenFunction open, int flags) {
        if (!onlyProbed(flags)) {
            engage(open.memory(), null);
        }
        return 0;
    }

    /** LOW_POWER_ENTRY_WITH_WAKEUP. */
    long enterWithWakeup(OpenFunction open, Caller caller, int flags, long argument, long length) {
        if (onlyProbed(flags)) {
            return 0;
        }
        if (length < VfioDeviceLowPowerEntryWithWakeup.SIZEOF) {
            throw new VfioException(
                    Errno.EINVAL,
                    "FT-3",
                    "LOW_POWER_ENTRY_WITH_WAKEUP refused: " + length + " bytes of data are too few");
        }
        int fd;
        try (var arena = Arena.ofConfined()) {
            var struct = arena.allocate(VfioDeviceLowPowerEntryWithWakeup.SIZEOF);
            caller.memory().read(argument, struct, 0, struct.byteSize());
            fd = VfioDeviceLowPowerEntryWithWakeup.wakeupEventfd(struct);
        }
        if (fd < 0) {
            throw new VfioException(
                    Errno.EINVAL, "FT-5", "LOW_POWER_ENTRY_WITH_WAKEUP refused: descriptor " + fd + " means nothing");
        }
        engage(open.memory(), caller.files().event(fd));
        return 0;
    }

    private void engage(DeviceMemory memory, @Nullable EventFile event) {
        memory.enterExclusive();
        try {
            powerLock.lock();
            try {
                if (engaged != null) {
                    throw new VfioException(
                            Errno.EINVAL, "FT-5", "LOW_POWER_ENTRY refused: low power was entered already");
                }
                engaged = memory;
                wakeup = event;
                memory.lowPower(true);
            } finally {
                powerLock.unlock();
            }
            memory.revokeMappings();
        } finally {
            memory.leaveExclusive();
        }
    }

    /** LOW_POWER_EXIT; no effect when not entered. */
    long exit(OpenFunction open, int flags) {
        if (onlyProbed(flags)) {
            return 0;
        }
        var memory = open.memory();
        memory.enterExclusive();
        try {
            end();
        } finally {
            memory.leaveExclusive();
        }
        return 0;
    }

    /** The last close, or an exit: nobody is told. */
    void end() {
        powerLock.lock();
        try {
            disengage();
        } finally {
            powerLock.unlock();
        }
    }

    private static boolean onlyProbed(int flags) {
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_GET) != 0) {
            throw new VfioException(Errno.EINVAL, "FT-3", "low power can be set, not read");
        }
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) != 0) {
            return true;
        }
        if ((flags & METHODS) == 0) {
            throw new VfioException(Errno.EINVAL, "FT-3", "neither GET, SET nor PROBE was asked for");
        }
        return false;
    }
}
