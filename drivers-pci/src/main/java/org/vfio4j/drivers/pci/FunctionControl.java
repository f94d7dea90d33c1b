// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What is done to a function as a whole: bus mastering, decoding, power and reset, each with the memory protection it
 * needs. One per period of being open. Spec: pci §4.2, §9.6, §13.
 */
final class FunctionControl {
    private static final Logger LOG = LoggerFactory.getLogger(FunctionControl.class);

    private final PciFunction function;
    private final DeviceMemory memory;
    private final PowerState power;

    FunctionControl(PciFunction function, DeviceMemory memory) {
        this.function = function;
        this.memory = memory;
        this.power = new PowerState(function);
    }

    int powerState() {
        return power.current();
    }

    void clearBusMaster() {
        int command = function.readConfig(PciRegister.COMMAND, 2);
        if ((command & PciRegister.COMMAND_MASTER) != 0) {
            function.writeConfig(PciRegister.COMMAND, 2, command & ~PciRegister.COMMAND_MASTER);
        }
    }

    /** Full power, and decoding of whatever has addresses (kernel: {@code pci_enable_device}). */
    void enable() {
        power.set(PowerState.D0);
        int wanted = 0;
        for (int index = 0; index <= PciFunction.ROM; index++) {
            var resource = function.resource(index);
            if (resource.present() && index < PciFunction.ROM) {
                wanted |= resource.kind() == PciResource.Kind.IO ? PciRegister.COMMAND_IO : PciRegister.COMMAND_MEMORY;
            }
        }
        int command = function.readConfig(PciRegister.COMMAND, 2);
        if ((command & wanted) != wanted) {
            function.writeConfig(PciRegister.COMMAND, 2, command | wanted);
        }
    }

    /** DEVICE_RESET: no access is running, no mapping survives, the host keeps the configuration. */
    void reset() {
        memory.enterExclusive();
        try {
            memory.revokeMappings();
            setPowerLocked(PowerState.D0);
            function.resetFunction();
        } finally {
            memory.leaveExclusive();
        }
    }

    /** A reset asked for through a register, which has no way to tell that it failed. */
    void resetThroughRegister() {
        memory.enterExclusive();
        try {
            memory.revokeMappings();
            function.resetFunction();
        } catch (VfioException e) {
            LOG.debug("{}: reset through configuration space failed: {}", function.name(), e.getMessage());
        } finally {
            memory.leaveExclusive();
        }
    }

    /** Changes the power state; in D3hot the memory is away. */
    void setPower(int state) {
        memory.enterExclusive();
        try {
            if (state == PowerState.D3_HOT) {
                memory.revokeMappings();
            }
            setPowerLocked(state);
        } finally {
            memory.leaveExclusive();
        }
    }

    /** Full power, for somebody who has the memory exclusively. */
    void wakeLocked() {
        setPowerLocked(PowerState.D0);
    }

    private void setPowerLocked(int state) {
        power.set(state);
        memory.asleep(power.current() == PowerState.D3_HOT);
    }

    /**
     * The reset tried at open.
     *
     * @return whether resets work
     * @throws VfioException EAGAIN when the function is locked
     */
    boolean tryResetAtOpen() {
        try {
            function.resetFunction();
            return true;
        } catch (VfioException e) {
            if (e.errno() == Errno.EAGAIN) {
                throw e;
            }
            LOG.debug("{}: cannot be reset: {}", function.name(), e.getMessage());
            return false;
        }
    }
}
