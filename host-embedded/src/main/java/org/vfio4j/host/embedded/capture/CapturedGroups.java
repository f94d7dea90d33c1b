// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.pci.PciAddress;

/** Group membership and reserved regions of a captured machine, as files of text. */
final class CapturedGroups {
    private static final Pattern MEMBERSHIP = Pattern.compile("([0-9]{1,6}) +([0-9a-fA-F:.]+)(?: +.*)?");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,6}");
    private static final Pattern REGION = Pattern.compile("0x([0-9a-fA-F]{1,16}) 0x([0-9a-fA-F]{1,16}) ([a-z-]+)");

    private CapturedGroups() {}

    /**
     * A function's membership.
     *
     * @param where its line
     * @param group the group's number
     */
    record Membership(SourcePosition where, int group) {}

    /** Lines of number, function, and possibly more that is ignored. */
    static Map<PciAddress, Membership> memberships(String source, String text) {
        Map<PciAddress, Membership> memberships = new TreeMap<>();
        var lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            var where = new SourcePosition(source, i + 1, 0);
            var line = lines[i].strip();
            if (line.isEmpty()) {
                continue;
            }
            var fields = MEMBERSHIP.matcher(line);
            if (!fields.matches()) {
                throw where.refuse("no group number and PCI address like \"3 0000:00:03.0\": \"" + line + "\"");
            }
            var address = FunctionAttributes.address(where, fields.group(2));
            var membership = new Membership(where, Integer.parseInt(fields.group(1)));
            if (memberships.put(address, membership) != null) {
                throw where.refuse("function " + address + " is in a group already");
            }
        }
        return memberships;
    }

    /** Sections headed by a group's number, with lines of first address, last address and type. */
    static Map<Integer, List<ReservedRegion>> reserved(String source, String text) {
        Map<Integer, List<ReservedRegion>> groups = new HashMap<>();
        List<ReservedRegion> current = null;
        var lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            var where = new SourcePosition(source, i + 1, 0);
            var line = lines[i].strip();
            if (line.isEmpty()) {
                continue;
            }
            if (line.startsWith(CaptureFiles.SECTION)) {
                current = new ArrayList<>();
                int number = number(where, line.substring(CaptureFiles.SECTION.length()));
                if (groups.put(number, current) != null) {
                    throw where.refuse("group " + number + " has a section already");
                }
            } else {
                region(where, current, line);
            }
        }
        return groups;
    }

    private static int number(SourcePosition where, String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw where.refuse("\"" + text + "\" is no group number");
        }
        return Integer.parseInt(text);
    }

    private static void region(SourcePosition where, @Nullable List<ReservedRegion> into, String line) {
        var fields = REGION.matcher(line);
        if (into == null || !fields.matches()) {
            throw where.refuse(
                    "no reserved region like \"0x00000000fee00000 0x00000000feefffff msi\": \"" + line + "\"");
        }
        into.add(new ReservedRegion(
                Long.parseUnsignedLong(fields.group(1), 16),
                Long.parseUnsignedLong(fields.group(2), 16),
                type(where, fields.group(3))));
    }

    private static ReservedRegion.Type type(SourcePosition where, String word) {
        for (var type : ReservedRegion.Type.values()) {
            // sysfs says "msi" for both kinds; the first one, hardware-defined, is what x86 and captures show.
            if (type.sysfsName().equals(word)) {
                return type;
            }
        }
        throw where.refuse("unknown type of reserved region \"" + word + "\"");
    }
}
