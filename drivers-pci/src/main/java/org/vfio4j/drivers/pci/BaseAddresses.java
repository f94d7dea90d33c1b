// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/**
 * The base address registers a user sees: emulated, so that sizing them does not disturb the function's place in the host
 * (kernel: {@code vfio_bar_fixup}, {@code vfio_bar_restore}). Used under the configuration lock. Spec: pci §9.4, §9.3.4.
 */
final class BaseAddresses {
    private static final int BARS = 6;

    private final PciFunction function;

    /** The host's values of BAR 0 to 5 and the ROM register, written back after a reset behind the host's back. */
    private final int[] assigned = new int[BARS + 1];

    /** The registers were written, or never read: the shadow has to be made to look like hardware. */
    private boolean unsettled = true;

    BaseAddresses(PciFunction function) {
        this.function = function;
        for (int bar = 0; bar <= BARS; bar++) {
            assigned[bar] = function.readConfig(offset(bar), 4);
        }
    }

    private static int offset(int bar) {
        return bar == PciFunction.ROM ? PciRegister.ROM_BAR : PciRegister.BAR0 + 4 * bar;
    }

    /** Whether a place in the header belongs to one of the registers. */
    static boolean contains(int offset) {
        return (offset >= PciRegister.BAR0 && offset < PciRegister.BAR0 + 4 * BARS)
                || (offset >= PciRegister.ROM_BAR && offset < PciRegister.ROM_BAR + 4);
    }

    void permit(VirtualConfig config) {
        for (int bar = 0; bar <= BARS; bar++) {
            config.permit(offset(bar), 4, -1, -1);
        }
    }

    void written() {
        unsettled = true;
    }

    /** Before a read: what was written loses the bits hardware would not have. */
    void settle(VirtualConfig config) {
        if (!unsettled) {
            return;
        }
        for (int bar = 0; bar < BARS; bar++) {
            var resource = function.resource(bar);
            long mask = resource.present() ? -resource.length() : 0;
            int at = offset(bar);
            config.shadow(at, 4, (config.shadow(at, 4) & (int) mask) | typeBits(resource));
            if (resource.present() && resource.wide()) {
                bar++;
                config.shadow(at + 4, 4, config.shadow(at + 4, 4) & (int) (mask >>> 32));
            }
        }
        long rom = RomRegion.length(function);
        int mask = rom == 0 ? 0 : (int) -rom | 1;
        config.shadow(PciRegister.ROM_BAR, 4, config.shadow(PciRegister.ROM_BAR, 4) & mask);
        unsettled = false;
    }

    private static int typeBits(PciResource resource) {
        if (!resource.present()) {
            return 0;
        }
        if (resource.kind() == PciResource.Kind.IO) {
            return 0x1;
        }
        return (resource.prefetchable() ? 0x8 : 0) | (resource.wide() ? 0x4 : 0);
    }

    /** Whether hardware lost the host's addresses. */
    boolean lost() {
        for (int bar = 0; bar <= BARS; bar++) {
            if (assigned[bar] != 0 && function.readConfig(offset(bar), 4) != assigned[bar]) {
                return true;
            }
        }
        return false;
    }

    /** Writes the host's addresses back to hardware. */
    void restore() {
        for (int bar = 0; bar <= BARS; bar++) {
            function.writeConfig(offset(bar), 4, assigned[bar]);
        }
    }
}
