// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import org.vfio4j.host.embedded.machine.SriovSpec;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/** Lays out the configuration space of a modelled function, capabilities linked in the order they are added. */
final class ConfigBuilder {
    private static final int TYPE_BRIDGE = 1;
    private static final int MULTI_FUNCTION = 0x80;
    private static final int HAS_CAPABILITIES = 0x10;

    /** Behind every other extended capability laid out here. */
    private static final int SRIOV_AT = 0x180;

    private final byte[] config;
    private int lastLink;
    private int lastExtended;

    /**
     * Empty registers.
     *
     * @param size 256, or 4096 for a PCI Express function
     */
    ConfigBuilder(int size) {
        this(new byte[size]);
    }

    private ConfigBuilder(byte[] config) {
        this.config = config;
    }

    /** Registers that are laid out already, to be extended. */
    static ConfigBuilder of(byte[] config) {
        var builder = new ConfigBuilder(config.clone());
        for (var capability : CapabilityList.walk(config)) {
            if (capability.extended()) {
                builder.lastExtended = capability.offset();
            } else {
                builder.lastLink = capability.offset();
            }
        }
        return builder;
    }

    /** Identity; firmware leaves decoding on and bus mastering off. */
    ConfigBuilder identity(int vendor, int device, int revision, int classCode) {
        put(0x00, 2, vendor);
        put(0x02, 2, device);
        put(ConfigSpace.COMMAND, 2, 0x0103);
        put(0x08, 1, revision);
        put(0x09, 1, classCode);
        put(0x0a, 2, classCode >>> 8);
        return this;
    }

    /** The COMMAND register as firmware left it, if not as usual. */
    ConfigBuilder command(int bits) {
        put(ConfigSpace.COMMAND, 2, bits);
        return this;
    }

    ConfigBuilder subsystem(int vendor, int device) {
        put(0x2c, 2, vendor);
        put(0x2e, 2, device);
        return this;
    }

    ConfigBuilder multiFunction(boolean several) {
        if (several) {
            config[ConfigSpace.HEADER_TYPE] |= (byte) MULTI_FUNCTION;
        }
        return this;
    }

    ConfigBuilder interruptPin(int pin) {
        put(0x3c, 1, 10);
        put(ConfigSpace.INTERRUPT_PIN, 1, pin);
        return this;
    }

    /** The addresses firmware assigned. */
    ConfigBuilder resources(List<PciResource> resources) {
        boolean bridge = (config[ConfigSpace.HEADER_TYPE] & 0x7f) == TYPE_BRIDGE;
        for (int bar = 0; bar < (bridge ? 2 : 6); bar++) {
            base(ConfigSpace.BAR0 + 4 * bar, resources.get(bar));
        }
        var rom = resources.get(PciFunction.ROM);
        if (rom.present()) {
            put(bridge ? 0x38 : 0x30, 4, (int) rom.start());
        }
        return this;
    }

    private void base(int at, PciResource resource) {
        if (resource.present()) {
            int type = resource.kind() == PciResource.Kind.IO
                    ? 0x1
                    : (resource.prefetchable() ? 0x8 : 0) | (resource.wide() ? 0x4 : 0);
            put(at, 4, (int) resource.start() | type);
            if (resource.wide()) {
                put(at + 4, 4, (int) (resource.start() >>> 32));
            }
        }
    }

    /** A bridge header; windows are inclusive and may be empty (start above last). */
    ConfigBuilder bridge(int primary, int secondary, int subordinate, long[] io, long[] memory) {
        config[ConfigSpace.HEADER_TYPE] |= TYPE_BRIDGE;
        put(0x18, 1, primary);
        put(0x19, 1, secondary);
        put(0x1a, 1, subordinate);
        put(0x1c, 1, (int) (io[0] >>> 8) & 0xf0);
        put(0x1d, 1, (int) (io[1] >>> 8) & 0xf0);
        put(0x20, 2, (int) (memory[0] >>> 16) & 0xfff0);
        put(0x22, 2, (int) (memory[1] >>> 16) & 0xfff0);
        // The prefetchable window is closed: its base is above its limit.
        put(0x24, 4, 0x0000fff0);
        return this;
    }

    private int link(int at, int id) {
        put(lastLink == 0 ? 0x34 : lastLink + 1, 1, at);
        config[ConfigSpace.STATUS] |= HAS_CAPABILITIES;
        put(at, 1, id);
        lastLink = at;
        return at;
    }

    /** Power management version 3. */
    ConfigBuilder power(int at, boolean noSoftReset) {
        link(at, CapabilityList.PM);
        put(at + 2, 2, 0x0003);
        put(at + 4, 2, noSoftReset ? 0x8 : 0);
        return this;
    }

    /** 64-bit MSI without per-vector masking; vectors is a power of two. */
    ConfigBuilder messages(int at, int vectors) {
        link(at, CapabilityList.MSI);
        put(at + 2, 2, 0x80 | (Integer.numberOfTrailingZeros(vectors) << 1));
        return this;
    }

    /** MSI-X with table and pending bits in one register. */
    ConfigBuilder extendedMessages(int at, int vectors, int bar, int tableOffset, int pendingOffset) {
        link(at, CapabilityList.MSI_X);
        put(at + 2, 2, vectors - 1);
        put(at + 4, 4, tableOffset | bar);
        put(at + 8, 4, pendingOffset | bar);
        return this;
    }

    /**
     * PCI Express version 2, 2.5 GT/s, one lane.
     *
     * @param portType device/port type: 0 endpoint, 4 root port, 7 bridge to PCI
     */
    ConfigBuilder express(int at, int portType, boolean functionLevelReset) {
        link(at, CapabilityList.EXPRESS);
        put(at + 2, 2, (portType << 4) | 2);
        put(at + 4, 4, 0x8000 | (functionLevelReset ? 1 << 28 : 0));
        put(at + 8, 2, 0x2810);
        put(at + 0x0c, 4, 0x11);
        put(at + 0x12, 2, 0x11);
        return this;
    }

    private int linkExtended(int at, int id, int version) {
        if (lastExtended != 0) {
            put(lastExtended, 4, LittleEndian.get(config, lastExtended, 4) | (at << 20));
        }
        put(at, 4, (version << 16) | id);
        lastExtended = at;
        return at;
    }

    /** Advanced error reporting version 2, with the usual severities and masks. */
    ConfigBuilder errorReporting(int at) {
        linkExtended(at, CapabilityList.AER, 2);
        put(at + 0x0c, 4, 0x00462030);
        put(at + 0x14, 4, 0x00002000);
        return this;
    }

    /** Device serial number. */
    ConfigBuilder serialNumber(int at, long number) {
        linkExtended(at, 0x0003, 1);
        put(at + 4, 4, (int) number);
        put(at + 8, 4, (int) (number >>> 32));
        return this;
    }

    /**
     * SR-IOV, version 1, with no virtual function enabled.
     *
     * @param bars registers of the first virtual function; firmware assigned addresses for all of them
     */
    ConfigBuilder virtualFunctions(SriovSpec spec, List<PciResource> bars) {
        int at = linkExtended(SRIOV_AT, SriovCapability.ID, 1);
        put(at + SriovCapability.INITIAL, 2, spec.totalVfs());
        put(at + SriovCapability.TOTAL, 2, spec.totalVfs());
        put(at + SriovCapability.OFFSET, 2, spec.vfOffset());
        put(at + SriovCapability.STRIDE, 2, spec.vfStride());
        put(at + SriovCapability.DEVICE, 2, spec.vfDevice());
        put(at + SriovCapability.SUPPORTED_PAGES, 4, SriovCapability.PAGES_4K);
        put(at + SriovCapability.SYSTEM_PAGE, 4, SriovCapability.PAGES_4K);
        for (int bar = 0; bar < PciFunction.ROM; bar++) {
            base(at + SriovCapability.BAR0 + 4 * bar, bars.get(bar));
        }
        return this;
    }

    byte[] build() {
        return config;
    }

    private void put(int offset, int size, int value) {
        LittleEndian.put(config, offset, size, value);
    }
}
