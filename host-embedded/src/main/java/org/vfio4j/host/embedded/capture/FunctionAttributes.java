// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/**
 * What a captured machine's sysfs showed of one function.
 *
 * @param resources seven: six registers and the ROM
 * @param resetMethods in order of preference; those this host cannot do are left out
 * @param driver the driver that had it
 * @param others everything that is shown again as it was: text by name, with all lines of a name that has several
 */
record FunctionAttributes(
        List<PciResource> resources, List<String> resetMethods, Optional<String> driver, Map<String, String> others) {
    private static final List<String> POSSIBLE_RESETS = List.of("flr", "af_flr", "pm", "bus");
    private static final Pattern RESOURCE =
            Pattern.compile("0x([0-9a-fA-F]{1,16}) 0x([0-9a-fA-F]{1,16}) 0x([0-9a-fA-F]{1,16})");
    private static final long FLAG_IO = 0x100;
    private static final long FLAG_MEMORY = 0x200;
    private static final long FLAG_PREFETCH = 0x2000;
    private static final long FLAG_WIDE = 0x100000;

    FunctionAttributes {
        resources = List.copyOf(resources);
        resetMethods = List.copyOf(resetMethods);
        others = Map.copyOf(others);
    }

    /**
     * Reads the sections of all functions.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL with file and line
     */
    static Map<PciAddress, FunctionAttributes> parse(String source, String text) {
        Map<PciAddress, FunctionAttributes> all = new HashMap<>();
        Section section = null;
        var lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            var where = new SourcePosition(source, i + 1, 0);
            var line = lines[i].stripTrailing();
            if (line.isEmpty()) {
                continue;
            }
            if (line.startsWith(CaptureFiles.SECTION)) {
                finish(all, section);
                section = new Section(where, address(where, line.substring(CaptureFiles.SECTION.length())));
            } else if (section == null) {
                throw where.refuse("this is before the first section, which starts like \"== 0000:00:03.0\"");
            } else {
                section.line(where, line);
            }
        }
        finish(all, section);
        return all;
    }

    private static void finish(Map<PciAddress, FunctionAttributes> all, @Nullable Section section) {
        if (section != null && all.put(section.address, section.attributes()) != null) {
            throw section.where.refuse("function " + section.address + " has a section already");
        }
    }

    static PciAddress address(SourcePosition where, String text) {
        try {
            return PciAddress.parse(text.strip());
        } catch (IllegalArgumentException e) {
            throw where.refuse("\"" + text + "\" is no PCI address like 0000:00:05.0");
        }
    }

    private static final class Section {
        private final SourcePosition where;
        private final PciAddress address;
        private final List<PciResource> resources = new ArrayList<>();
        private List<String> resetMethods = List.of();
        private final Map<String, String> others = new LinkedHashMap<>();
        private Optional<String> driver = Optional.empty();
        private int seen;

        Section(SourcePosition where, PciAddress address) {
            this.where = where;
            this.address = address;
        }

        void line(SourcePosition at, String line) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                throw at.refuse("a line of " + address + " is no \"attribute: value\": \"" + line + "\"");
            }
            String value = line.substring(colon + 1).strip();
            String name = line.substring(0, colon);
            switch (name) {
                case "resource" -> {
                    resource(at, value);
                    others.merge(name, value + "\n", String::concat);
                }
                case "reset_method" ->
                    resetMethods = List.of(value.split(" +", -1)).stream()
                            .filter(POSSIBLE_RESETS::contains)
                            .toList();
                case "driver" -> driver = Optional.of(value).filter(word -> !word.isEmpty());
                default -> others.merge(name, value + "\n", String::concat);
            }
        }

        /** The first six are registers, the seventh the ROM, then come bridge windows and virtual functions' registers. */
        private void resource(SourcePosition at, String value) {
            int index = seen++;
            if (index > PciFunction.ROM) {
                return;
            }
            var fields = RESOURCE.matcher(value);
            if (!fields.matches()) {
                throw at.refuse("a resource of " + address + " is no three hexadecimal numbers: \"" + value + "\"");
            }
            long start = Long.parseUnsignedLong(fields.group(1), 16);
            long last = Long.parseUnsignedLong(fields.group(2), 16);
            long flags = Long.parseUnsignedLong(fields.group(3), 16);
            if ((flags & (FLAG_IO | FLAG_MEMORY)) == 0) {
                resources.add(PciResource.NONE);
                return;
            }
            long length = last - start + 1;
            if (Long.bitCount(length) != 1 || length > 1L << 46) {
                throw at.refuse("resource " + index + " of " + address + " has a size of 0x" + Long.toHexString(length)
                        + " bytes, which no register can have");
            }
            boolean io = (flags & FLAG_IO) != 0;
            resources.add(new PciResource(
                    start,
                    length,
                    io ? PciResource.Kind.IO : PciResource.Kind.MEMORY,
                    !io && (flags & FLAG_PREFETCH) != 0,
                    !io && index < PciFunction.ROM - 1 && (flags & FLAG_WIDE) != 0));
        }

        FunctionAttributes attributes() {
            if (resources.size() <= PciFunction.ROM) {
                throw where.refuse("the section of " + address + " has " + resources.size()
                        + " resources, at least 7 belong there: the file is cut off");
            }
            return new FunctionAttributes(resources, resetMethods, driver, others);
        }
    }
}
