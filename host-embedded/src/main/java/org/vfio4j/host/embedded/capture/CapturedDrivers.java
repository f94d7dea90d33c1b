// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciAddress;

/** The drivers in use, out of what {@code lspci -vvvnnk} printed. Everything else there is for people. */
final class CapturedDrivers {
    private static final Pattern HEADING =
            Pattern.compile("((?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\\.[0-7]) .*");
    private static final String IN_USE = "Kernel driver in use: ";

    private CapturedDrivers() {}

    static Map<PciAddress, String> parse(String text) {
        Map<PciAddress, String> drivers = new HashMap<>();
        @Nullable PciAddress current = null;
        for (var line : text.lines().toList()) {
            var heading = HEADING.matcher(line);
            if (heading.matches()) {
                current = PciAddress.parse(heading.group(1));
            } else if (current != null && line.strip().startsWith(IN_USE)) {
                drivers.put(current, line.strip().substring(IN_USE.length()).strip());
            }
        }
        return drivers;
    }
}
