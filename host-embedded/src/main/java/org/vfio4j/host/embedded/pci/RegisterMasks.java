// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/** Which configuration bits hardware lets software change, derived from the header and the capabilities it shows. */
final class RegisterMasks {
    private static final int COMMAND_BITS = 0x0547;
    private static final int STATUS_EVENTS = 0xf900;
    private static final int BRIDGE_CONTROL_BITS = 0x087f;

    final byte[] writable;
    final byte[] clearable;

    private final byte[] config;

    /**
     * The masks of a function.
     *
     * @param virtual whether it is a virtual one, whose registers' addresses and decoding are the physical one's
     */
    RegisterMasks(byte[] config, List<PciResource> resources, boolean virtual) {
        this.config = config;
        this.writable = new byte[config.length];
        this.clearable = new byte[config.length];
        if (virtual) {
            write(ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MASTER);
            clear(ConfigSpace.STATUS, 2, STATUS_EVENTS);
        } else {
            boolean bridge = (config[ConfigSpace.HEADER_TYPE] & 0x7f) == 1;
            header(bridge);
            for (int bar = 0; bar < (bridge ? 2 : 6); bar++) {
                base(resources.get(bar), ConfigSpace.BAR0 + 4 * bar);
            }
            rom(resources.get(PciFunction.ROM), bridge ? 0x38 : 0x30);
        }
        for (var capability : CapabilityList.walk(config)) {
            if (!capability.extended()) {
                standard(capability.id(), capability.offset());
            } else if (capability.id() == CapabilityList.AER) {
                errorReporting(capability.offset());
            }
        }
    }

    private void write(int offset, int size, int mask) {
        if (offset + size <= writable.length) {
            LittleEndian.put(writable, offset, size, mask);
        }
    }

    private void clear(int offset, int size, int mask) {
        if (offset + size <= clearable.length) {
            LittleEndian.put(clearable, offset, size, mask);
        }
    }

    private void header(boolean bridge) {
        write(ConfigSpace.COMMAND, 2, COMMAND_BITS);
        clear(ConfigSpace.STATUS, 2, STATUS_EVENTS);
        write(0x0c, 1, 0xff);
        write(0x3c, 1, 0xff);
        if (bridge) {
            write(0x18, 4, 0xffffff);
            write(0x1c, 2, 0xf0f0);
            clear(0x1e, 2, STATUS_EVENTS);
            write(0x20, 4, 0xfff0fff0);
            write(0x24, 4, 0xfff0fff0);
            write(0x28, 4, -1);
            write(0x2c, 4, -1);
            write(0x30, 4, -1);
            write(0x3e, 2, BRIDGE_CONTROL_BITS);
        } else if (CapabilityList.find(config, CapabilityList.EXPRESS) == 0) {
            write(0x0d, 1, 0xff);
        }
    }

    private void base(PciResource resource, int offset) {
        if (resource.present()) {
            long mask = -resource.length();
            write(offset, 4, (int) mask & (resource.kind() == PciResource.Kind.IO ? ~0x3 : ~0xf));
            if (resource.wide()) {
                write(offset + 4, 4, (int) (mask >>> 32));
            }
        }
    }

    private void rom(PciResource resource, int offset) {
        if (resource.present()) {
            write(offset, 4, (int) -resource.length() | 1);
        }
    }

    private void standard(int id, int at) {
        switch (id) {
            case CapabilityList.PM -> {
                write(at + 4, 2, 0x1f03);
                clear(at + 4, 2, 0x8000);
            }
            case CapabilityList.MSI -> messages(at);
            case CapabilityList.MSI_X -> write(at + 2, 2, 0xc000);
            case CapabilityList.PCI_X -> write(at + 2, 2, 0x007f);
            case CapabilityList.EXPRESS -> express(at);
            default -> {
                // Read-only; AF's FLR bit acts when written and is never stored.
            }
        }
    }

    private void messages(int at) {
        int control = LittleEndian.get(config, at + 2, 2);
        boolean wide = (control & 0x80) != 0;
        write(at + 2, 2, 0x0071);
        write(at + 4, 4, ~0x3);
        if (wide) {
            write(at + 8, 4, -1);
        }
        write(at + (wide ? 12 : 8), 2, 0xffff);
        if ((control & 0x100) != 0) {
            write(at + (wide ? 16 : 12), 4, -1);
        }
    }

    private void express(int at) {
        int flags = LittleEndian.get(config, at + 2, 2);
        int portType = (flags >>> 4) & 0xf;
        boolean integrated = portType == 9 || portType == 10;
        // DEVCTL's top bit starts an FLR on endpoints and is never stored.
        write(at + 8, 2, 0x7fff);
        clear(at + 10, 2, 0x000f);
        if (!integrated) {
            write(at + 0x10, 2, 0x0ff3);
        }
        if ((flags & 0x100) != 0) {
            write(at + 0x18, 2, 0x1fff);
            clear(at + 0x1a, 2, 0x011f);
        }
        if ((flags & 0xf) >= 2) {
            write(at + 0x28, 2, 0x77ff);
            if (!integrated) {
                write(at + 0x30, 2, 0x0fff);
            }
        }
    }

    private void errorReporting(int at) {
        clear(at + 0x04, 4, 0x03fff031);
        write(at + 0x08, 4, 0x03fff031);
        write(at + 0x0c, 4, 0x03fff031);
        clear(at + 0x10, 4, 0x0000f1c1);
        write(at + 0x14, 4, 0x0000f1c1);
        write(at + 0x18, 4, 0x00000140);
    }
}
