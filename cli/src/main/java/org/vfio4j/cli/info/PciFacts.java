// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.info;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/** Facts about a PCI function, read from its configuration space. */
final class PciFacts {
    private static final int COMMAND = 0x04;
    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITY_LIST = 0x10;
    private static final int CAPABILITY_POINTER = 0x34;
    private static final int FIRST_EXTENDED = 0x100;
    /** More links than a 256-byte space can hold mean a loop. */
    private static final int MOST_CAPABILITIES = 48;

    private static final int MOST_EXTENDED = 1024;

    private PciFacts() {}

    static List<Fact> of(PciFunction function) {
        var facts = new ArrayList<Fact>();
        facts.add(new Fact(
                "ids",
                String.format(
                        "%04x:%04x rev %02x, class %06x, subsystem %04x:%04x",
                        function.readConfig(0, 2),
                        function.readConfig(2, 2),
                        function.readConfig(8, 1),
                        function.readConfig(8, 4) >>> 8,
                        function.readConfig(0x2c, 2),
                        function.readConfig(0x2e, 2))));
        facts.add(new Fact("command", command(function.readConfig(COMMAND, 2))));
        for (var index = 0; index <= PciFunction.ROM; index++) {
            var resource = function.resource(index);
            if (resource.present()) {
                facts.add(new Fact(index == PciFunction.ROM ? "ROM" : "BAR " + index, resource(resource)));
            }
        }
        facts.add(new Fact("config space", function.configSize() + " bytes"));
        facts.addAll(capabilities(function));
        facts.addAll(extendedCapabilities(function));
        facts.add(new Fact(
                "reset", function.resetMethods().isEmpty() ? "none" : String.join(" ", function.resetMethods())));
        return facts;
    }

    private static String command(int value) {
        var words = new ArrayList<String>();
        words.add(String.format("%04x", value));
        if ((value & 1) != 0) {
            words.add("I/O");
        }
        if ((value & 2) != 0) {
            words.add("memory");
        }
        if ((value & 4) != 0) {
            words.add("bus master");
        }
        if ((value & 0x400) != 0) {
            words.add("INTx off");
        }
        return String.join(" ", words);
    }

    private static String resource(PciResource resource) {
        return String.format("0x%x, %s, ", resource.start(), size(resource.length()))
                + (resource.kind() == PciResource.Kind.IO ? "I/O ports" : resource.wide() ? "64-bit memory" : "memory")
                + (resource.prefetchable() ? ", prefetchable" : "");
    }

    private static String size(long bytes) {
        if (bytes >= 1 << 30 && bytes % (1 << 30) == 0) {
            return (bytes >> 30) + " GiB";
        }
        if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        if (bytes >= 1 << 10 && bytes % (1 << 10) == 0) {
            return (bytes >> 10) + " KiB";
        }
        return bytes + " bytes";
    }

    private static List<Fact> capabilities(PciFunction function) {
        var facts = new ArrayList<Fact>();
        if ((function.readConfig(STATUS, 2) & STATUS_CAPABILITY_LIST) == 0) {
            return facts;
        }
        var at = function.readConfig(CAPABILITY_POINTER, 1) & ~3;
        for (var links = 0; at >= 0x40 && links < MOST_CAPABILITIES; links++) {
            var id = function.readConfig(at, 1);
            facts.add(new Fact(
                    "capability",
                    String.format("[%02x] ", at) + PciCapabilityNames.standard(id) + detail(function, id, at)));
            at = function.readConfig(at + 1, 1) & ~3;
        }
        return facts;
    }

    private static String detail(PciFunction function, int id, int at) {
        return switch (id) {
            case 0x01 -> power(function.readConfig(at + 4, 1));
            case 0x05 -> msi(function.readConfig(at + 2, 2));
            case 0x10 -> express(function.readConfig(at + 2, 2), function.readConfig(at + 4, 4));
            case 0x11 -> msix(function.readConfig(at + 2, 2), function.readConfig(at + 4, 4));
            default -> "";
        };
    }

    private static String power(int status) {
        return ": D" + (status & 3) + ((status & 8) != 0 ? ", keeps its state in D3" : ", loses its state in D3");
    }

    private static String msi(int control) {
        return ": " + vectors(1 << (control >> 1 & 7)) + ((control & 0x80) != 0 ? ", 64-bit" : ", 32-bit")
                + ((control & 0x100) != 0 ? ", maskable" : "") + enabled(control & 1);
    }

    private static String express(int flags, int deviceCapabilities) {
        return ": version " + (flags & 0xf) + ", " + PciCapabilityNames.portType(flags >> 4 & 0xf)
                + ((deviceCapabilities & 1 << 28) != 0 ? ", function-level reset" : "");
    }

    private static String msix(int control, int table) {
        return ": " + vectors((control & 0x7ff) + 1) + ", table in BAR " + (table & 7) + " at 0x"
                + Integer.toHexString(table & ~7) + enabled(control & 0x8000);
    }

    private static String vectors(int count) {
        return count + (count == 1 ? " vector" : " vectors");
    }

    private static String enabled(int bit) {
        return bit != 0 ? ", enabled" : ", disabled";
    }

    private static List<Fact> extendedCapabilities(PciFunction function) {
        var facts = new ArrayList<Fact>();
        if (function.configSize() <= FIRST_EXTENDED) {
            return facts;
        }
        var at = FIRST_EXTENDED;
        for (var links = 0; at >= FIRST_EXTENDED && at < function.configSize() && links < MOST_EXTENDED; links++) {
            var header = function.readConfig(at, 4);
            if (header == 0 || header == -1) {
                break;
            }
            facts.add(new Fact(
                    "extended",
                    String.format(Locale.ROOT, "[%03x v%d] ", at, header >>> 16 & 0xf)
                            + PciCapabilityNames.extended(header & 0xffff)));
            at = header >>> 20 & ~3;
        }
        return facts;
    }
}
