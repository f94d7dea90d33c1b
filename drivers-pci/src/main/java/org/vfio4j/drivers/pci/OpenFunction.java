// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.VfioException;

/**
 * A function from its first open to its last close: everything a user can see of it. Nothing of it outlives the close, so
 * that every user begins with the same function. Spec: pci §4.
 */
final class OpenFunction {
    private final PciFunction function;
    private final DeviceMemory memory;
    private final FunctionControl control;
    private final boolean resetWorks;
    private final SavedConfig saved;
    private final VirtualConfig config;
    private final Interrupts interrupts;
    private final BarRegions bars;
    private final BarAccess access;
    private final RomRegion rom;
    private final IoEvents ioEvents;

    /**
     * The first open.
     *
     * @throws VfioException EAGAIN when the function is locked by somebody else; it is left without bus mastering then
     */
    OpenFunction(PciFunction function, PciOptions options, DriverEnvironment environment) {
        int pageSize = environment.memory().pageSize();
        this.function = function;
        memory = new DeviceMemory(function);
        control = new FunctionControl(function, memory);
        control.clearBusMaster();
        control.enable();
        resetWorks = control.tryResetAtOpen();
        saved = SavedConfig.of(function);
        var intx = new IntxLine(function, options, environment);
        intx.prepareHardware();
        var messages = new MessageControl();
        config = virtualConfig(intx, messages);
        interrupts = new Interrupts(config, control, messages, intx);
        var table = MsixTable.of(function);
        bars = new BarRegions(function, memory, pageSize, table);
        access = new BarAccess(function, memory, bars, table);
        rom = new RomRegion(function, memory);
        ioEvents = new IoEvents(function, access, bars, table);
        memory.begin();
    }

    private VirtualConfig virtualConfig(IntxLine intx, MessageControl messages) {
        var built = new VirtualConfig(function);
        var addresses = new BaseAddresses(function);
        var command = new CommandRegister(function, memory, addresses, intx);
        StandardHeader.install(built, command, addresses, intx.hidden());
        var fields = new CapabilityFields(control, messages);
        StandardCapabilities.install(built, fields);
        ExtendedCapabilities.install(built, fields);
        command.begin(built);
        return built;
    }

    boolean resetWorks() {
        return resetWorks;
    }

    DeviceMemory memory() {
        return memory;
    }

    FunctionControl control() {
        return control;
    }

    VirtualConfig config() {
        return config;
    }

    Interrupts interrupts() {
        return interrupts;
    }

    BarRegions bars() {
        return bars;
    }

    BarAccess access() {
        return access;
    }

    RomRegion rom() {
        return rom;
    }

    IoEvents ioEvents() {
        return ioEvents;
    }

    /**
     * The last close, but for what concerns the device set and {@link #clearTriggers}. Every step is tried.
     *
     * @return whether the function could be reset
     */
    boolean close() {
        Closing.step(function.name() + ": waking at close", () -> {
            memory.lowPower(false);
            control.setPower(PowerState.D0);
        });
        Closing.step(function.name() + ": ending bus mastering", control::clearBusMaster);
        Closing.step(function.name() + ": ending interrupts", interrupts::disableActive);
        Closing.step(function.name() + ": ending ioeventfds", ioEvents::close);
        Closing.step(function.name() + ": revoking mappings", this::revokeMappings);
        Closing.step(function.name() + ": giving back BARs", bars::close);
        Closing.step(
                function.name() + ": ending decoding",
                () -> function.writeConfig(PciRegister.COMMAND, 2, PciRegister.COMMAND_INTX_DISABLE));
        boolean reset = resetWorks && resetAtClose();
        Closing.step(function.name() + ": restoring configuration", saved::restore);
        Closing.step(function.name() + ": ending bus mastering", control::clearBusMaster);
        return reset;
    }

    private void revokeMappings() {
        memory.enterExclusive();
        try {
            memory.revokeMappings();
        } finally {
            memory.leaveExclusive();
        }
    }

    private boolean resetAtClose() {
        try {
            function.resetFunction();
            return true;
        } catch (VfioException e) {
            return false;
        }
    }

    /** Drops the event files of errors and requests. */
    void clearTriggers() {
        interrupts.clearTriggers();
    }
}
