// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;

/** The first 64 bytes of configuration space as a user sees them, type 0. Spec: pci §9.2, §9.8. */
final class StandardHeader implements ConfigHandler {
    private static final int VF_DEVICE_ID = 0x1a;

    private final CommandRegister command;
    private final BaseAddresses addresses;

    private StandardHeader(CommandRegister command, BaseAddresses addresses) {
        this.command = command;
        this.addresses = addresses;
    }

    /** Gives the header its meaning. */
    static void install(VirtualConfig config, CommandRegister command, BaseAddresses addresses, boolean hidePin) {
        var function = config.function();
        config.claim(new ConfigPart("header", 0, PciRegister.HEADER_LENGTH, new StandardHeader(command, addresses)));
        config.permit(PciRegister.VENDOR_ID, 2, -1, 0);
        config.permit(PciRegister.DEVICE_ID, 2, -1, 0);
        config.permit(PciRegister.COMMAND, 2, PciRegister.COMMAND_INTX_DISABLE, -1);
        config.permit(PciRegister.STATUS, 2, PciRegister.STATUS_CAPABILITIES, 0);
        config.permit(PciRegister.CACHE_LINE, 1, 0, -1);
        config.permit(PciRegister.LATENCY, 1, 0, -1);
        config.permit(PciRegister.BIST, 1, 0, -1);
        addresses.permit(config);
        config.permit(PciRegister.CAPABILITIES, 1, -1, 0);
        config.permit(PciRegister.INTERRUPT_LINE, 1, -1, -1);
        config.permit(PciRegister.INTERRUPT_PIN, 1, -1, 0);
        var physical = function.physicalFunction();
        if (physical != null) {
            identifyVirtualFunction(config, physical);
        }
        if (hidePin || physical != null) {
            config.shadow(PciRegister.INTERRUPT_PIN, 1, 0);
        }
    }

    /** A virtual function's own id registers read all ones; the physical one knows what it is. */
    private static void identifyVirtualFunction(VirtualConfig config, PciFunction physical) {
        config.shadow(PciRegister.VENDOR_ID, 2, physical.readConfig(PciRegister.VENDOR_ID, 2));
        int at = HardwareCapabilities.findExtended(physical, CapabilityId.EXT_SR_IOV);
        if (at != 0) {
            config.shadow(PciRegister.DEVICE_ID, 2, physical.readConfig(at + VF_DEVICE_ID, 2));
        }
    }

    @Override
    public int read(VirtualConfig config, int offset, int size) {
        if (BaseAddresses.contains(offset)) {
            addresses.settle(config);
        }
        int value = config.readMasked(offset, size);
        return offset == PciRegister.COMMAND ? command.shown(config, value) : value;
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        if (offset == PciRegister.COMMAND) {
            command.write(config, size, value);
        } else {
            config.writeMasked(offset, size, value);
        }
        if (BaseAddresses.contains(offset)) {
            addresses.written();
        }
        if (offset == PciRegister.COMMAND || offset == PciRegister.COMMAND + 1) {
            command.noteInterruptDisable(config);
        }
    }

    @Override
    public void written() {
        command.applyInterruptDisable();
    }
}
