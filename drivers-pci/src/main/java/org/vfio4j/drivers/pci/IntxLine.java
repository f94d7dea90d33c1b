// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.Virqfd;
import org.vfio4j.spi.pci.PciFunction;

/**
 * The legacy interrupt between the host's line and the user's event file: masked with every signal, masked and unmasked by
 * the user, and by the interrupt disable bit of the COMMAND register, which the user sees in the shadow alone.
 *
 * <p>Masking is lazy: the host's line stays silent after each delivery until unmasked, and a delivery that arrives while
 * the user has it masked is just not passed on. So no mask can be lost between two threads.
 * Spec: pci §12.4 to §12.6.
 */
final class IntxLine {
    private static final int INTEL = 0x8086;

    /** Functions of vendor 8086 whose line does not work. */
    private static final Set<Integer> BROKEN = Set.of(
            0x1572, 0x1574, 0x1580, 0x1581, 0x1583, 0x1584, 0x1585, 0x1586, 0x1587, 0x1588, 0x1589, 0x158a, 0x158b,
            0x37d0, 0x37d1, 0x37d2, 0x1563);

    private final PciFunction function;
    private final boolean broken;

    /** Whether the function's own disable bit works and may be used. */
    private final boolean maskable;

    /** Guards everything below; leaf. Nothing is signalled and the host is not called while it is held. */
    private final ReentrantLock intxLock = new ReentrantLock();

    private boolean active;
    private boolean masked;
    private boolean userDisabled;
    private @Nullable EventFile trigger;

    /** The event file that unmasks. */
    private final Virqfd unmaskEvent;

    IntxLine(PciFunction function, PciOptions options, DriverEnvironment environment) {
        this.function = function;
        this.unmaskEvent = environment.virqfd(
                () -> {
                    unmask();
                    return false;
                },
                null);
        this.broken = function.readConfig(PciRegister.VENDOR_ID, 2) == INTEL
                && BROKEN.contains(function.readConfig(PciRegister.DEVICE_ID, 2));
        this.maskable = !broken && !options.exclusiveIntx() && disableBitWorks(function);
    }

    /** Flips the bit and looks (kernel: {@code pci_intx_mask_supported}). */
    private static boolean disableBitWorks(PciFunction function) {
        int before = function.readConfig(PciRegister.COMMAND, 2);
        int flipped = before ^ PciRegister.COMMAND_INTX_DISABLE;
        function.writeConfig(PciRegister.COMMAND, 2, flipped);
        boolean works = function.readConfig(PciRegister.COMMAND, 2) == flipped;
        function.writeConfig(PciRegister.COMMAND, 2, before);
        return works;
    }

    /** Whether the user is not shown a pin. */
    boolean hidden() {
        return broken;
    }

    /** The hardware's bit at open: clear, where we may use it; set, where the line is broken. */
    void prepareHardware() {
        if (maskable) {
            hardwareDisable(false);
        }
        keepHiddenLineSilent();
    }

    void keepHiddenLineSilent() {
        if (broken) {
            hardwareDisable(true);
        }
    }

    private void hardwareDisable(boolean disable) {
        int command = function.readConfig(PciRegister.COMMAND, 2);
        int wanted = disable ? command | PciRegister.COMMAND_INTX_DISABLE : command & ~PciRegister.COMMAND_INTX_DISABLE;
        if (wanted != command) {
            function.writeConfig(PciRegister.COMMAND, 2, wanted);
        }
    }

    /** The user's disable bit as it stands in the shadow; only a change does something. */
    void userDisable(boolean disabled) {
        boolean deliver;
        boolean idle;
        intxLock.lock();
        try {
            if (userDisabled == disabled) {
                return;
            }
            userDisabled = disabled;
            idle = !active;
            deliver = active && !disabled;
            masked = active && disabled;
        } finally {
            intxLock.unlock();
        }
        if (idle) {
            showUserDisableToHardware();
        }
        if (deliver) {
            function.unmaskIntx();
        }
    }

    /** While no interrupt is in use, hardware has the bit the user believes in. */
    void showUserDisableToHardware() {
        if (maskable) {
            hardwareDisable(userDisabled());
        }
        keepHiddenLineSilent();
    }

    private boolean userDisabled() {
        intxLock.lock();
        try {
            return userDisabled;
        } finally {
            intxLock.unlock();
        }
    }

    /** Begins delivery; the caller serialises begin and end. EBUSY when the line cannot be had. */
    void enable(@Nullable EventFile sink) {
        intxLock.lock();
        try {
            active = true;
            masked = userDisabled;
            trigger = sink;
        } finally {
            intxLock.unlock();
        }
        if (maskable) {
            hardwareDisable(false);
        }
        try {
            function.enableIntx(this::asserted);
        } catch (RuntimeException e) {
            forget();
            showUserDisableToHardware();
            throw e;
        }
    }

    /** Ends delivery: afterwards no event file is signalled. */
    void disable() {
        detachUnmask();
        function.disableIntx();
        forget();
        showUserDisableToHardware();
    }

    private void forget() {
        intxLock.lock();
        try {
            active = false;
            masked = false;
            trigger = null;
        } finally {
            intxLock.unlock();
        }
    }

    void replaceTrigger(@Nullable EventFile sink) {
        intxLock.lock();
        try {
            trigger = sink;
        } finally {
            intxLock.unlock();
        }
    }

    /** The host's line was asserted and is silent now. */
    private void asserted() {
        EventFile sink;
        intxLock.lock();
        try {
            if (!active || masked) {
                return;
            }
            masked = true;
            sink = userDisabled ? null : trigger;
        } finally {
            intxLock.unlock();
        }
        if (sink != null) {
            sink.signal();
        }
    }

    /** Loopback: signals without masking. */
    void signal() {
        EventFile sink;
        intxLock.lock();
        try {
            sink = userDisabled ? null : trigger;
        } finally {
            intxLock.unlock();
        }
        if (sink != null) {
            sink.signal();
        }
    }

    void mask() {
        intxLock.lock();
        try {
            masked = true;
        } finally {
            intxLock.unlock();
        }
    }

    /** Lets the next assertion through; a line still asserted is signalled at once. */
    void unmask() {
        intxLock.lock();
        try {
            if (!active || !masked || userDisabled) {
                return;
            }
            masked = false;
        } finally {
            intxLock.unlock();
        }
        function.unmaskIntx();
    }

    /**
     * Unmasks with every signal of an event file, whose count is consumed; the caller serialises.
     *
     * @throws org.vfio4j.uapi.VfioException EBUSY when another event file does
     */
    void attachUnmask(EventFile event) {
        unmaskEvent.enable(event);
    }

    void detachUnmask() {
        unmaskEvent.disable();
    }
}
