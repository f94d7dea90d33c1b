// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The text of {@code /proc/PID/maps}: a line for each area, in the order of addresses. */
final class MapsText {
    private static final int HEX = 16;
    private static final int BASE_PAGE = 4096;
    private static final int HUGE_PAGE = 2 << 20;

    /** {@code 7f0000000000-7f0000001000 rw-s 00002000 00:01 1024    /path}. */
    private static final Pattern LINE = Pattern.compile(
            "(\\p{XDigit}+)-(\\p{XDigit}+) (.)(.).(.) (\\p{XDigit}+) (\\p{XDigit}+):(\\p{XDigit}+) (\\d+) *(.*)");

    private MapsText() {}

    /** The area an address is in, or null. */
    static @Nullable MemoryArea find(String text, long address) {
        for (String line : (Iterable<String>) text.lines()::iterator) {
            MemoryArea area = parse(line);
            if (area != null && Long.compareUnsigned(address, area.end()) < 0) {
                return Long.compareUnsigned(address, area.start()) < 0 ? null : area;
            }
        }
        return null;
    }

    /** One line; null for what is none. */
    static @Nullable MemoryArea parse(String line) {
        var match = LINE.matcher(line);
        if (!match.matches()) {
            return null;
        }
        // A new line in a name is the only character the kernel writes as a number.
        String name = match.group(10).replace("\\012", "\n");
        return new MemoryArea(
                Long.parseUnsignedLong(match.group(1), HEX),
                Long.parseUnsignedLong(match.group(2), HEX),
                match.group(3).equals("r"),
                match.group(4).equals("w"),
                match.group(5).equals("s"),
                new FileId(
                        Integer.parseUnsignedInt(match.group(7), HEX),
                        Integer.parseUnsignedInt(match.group(8), HEX),
                        Long.parseUnsignedLong(match.group(9))),
                Long.parseUnsignedLong(match.group(6), HEX),
                name,
                isHuge(name) ? HUGE_PAGE : BASE_PAGE);
    }

    /** The text does not say how large pages are: known are the names of huge pages without a file and of their usual folder. */
    private static boolean isHuge(String name) {
        return name.startsWith("/anon_hugepage") || name.startsWith("/dev/hugepages/");
    }
}
