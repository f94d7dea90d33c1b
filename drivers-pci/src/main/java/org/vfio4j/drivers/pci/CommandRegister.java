// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;

/** What writing the COMMAND register does besides storing bits. Spec: pci §9.3. */
final class CommandRegister {
    private static final int DECODE = PciRegister.COMMAND_IO | PciRegister.COMMAND_MEMORY;

    private final PciFunction function;
    private final DeviceMemory memory;
    private final BaseAddresses addresses;
    private final IntxLine intx;

    /** Functions without a memory enable bit: virtual ones. */
    private final boolean withoutMemoryBit;

    /** The user's interrupt disable bit, for {@link #applyInterruptDisable}. */
    private volatile boolean interruptDisabled;

    CommandRegister(PciFunction function, DeviceMemory memory, BaseAddresses addresses, IntxLine intx) {
        this.function = function;
        this.memory = memory;
        this.addresses = addresses;
        this.intx = intx;
        this.withoutMemoryBit = function.physicalFunction() != null;
    }

    /** The state right after open. */
    void begin(VirtualConfig config) {
        if (withoutMemoryBit) {
            config.shadow(PciRegister.COMMAND, 2, config.shadow(PciRegister.COMMAND, 2) | PciRegister.COMMAND_MEMORY);
        }
        memory.decoding((config.shadow(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY) != 0);
        noteInterruptDisable(config);
        applyInterruptDisable();
    }

    /** A read value of a chunk that starts at the register. */
    int shown(VirtualConfig config, int value) {
        return withoutMemoryBit ? value | (config.shadow(PciRegister.COMMAND, 1) & PciRegister.COMMAND_MEMORY) : value;
    }

    /** A write that starts at the register; decoding bits come from its lowest byte. */
    void write(VirtualConfig config, int size, int value) {
        boolean decode = (value & PciRegister.COMMAND_MEMORY) != 0;
        memory.enterExclusive();
        try {
            if (!decode) {
                memory.revokeMappings();
            }
            recover(config, value);
            config.writeMasked(PciRegister.COMMAND, size, value);
            config.shadow(
                    PciRegister.COMMAND, 1, ConfigBytes.merge(config.shadow(PciRegister.COMMAND, 1), value, DECODE));
            memory.decoding(decode);
        } finally {
            memory.leaveExclusive();
        }
    }

    /** Puts the addresses back if a reset behind the host's back lost them, before the function decodes again. */
    private void recover(VirtualConfig config, int value) {
        if (withoutMemoryBit) {
            return;
        }
        int believed = config.shadow(PciRegister.COMMAND, 1);
        int actual = function.readConfig(PciRegister.COMMAND, 2);
        if ((value & believed & ~actual & DECODE) != 0 || addresses.lost()) {
            addresses.restore();
            intx.keepHiddenLineSilent();
        }
    }

    void noteInterruptDisable(VirtualConfig config) {
        interruptDisabled = (config.shadow(PciRegister.COMMAND, 2) & PciRegister.COMMAND_INTX_DISABLE) != 0;
    }

    void applyInterruptDisable() {
        boolean applied;
        do { // Another writer may have come in between; the last value wins.
            applied = interruptDisabled;
            intx.userDisable(applied);
        } while (applied != interruptDisabled);
    }
}
