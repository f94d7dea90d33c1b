// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.Map;
import java.util.function.Supplier;

/** Speed and width of a function's PCI Express link, as sysfs words them. */
final class ExpressLink {
    private static final int LINK_CAPABILITY = 0x0c;
    private static final int LINK_STATUS = 0x12;
    private static final int INTEGRATED_ENDPOINT = 9;
    private static final int EVENT_COLLECTOR = 10;

    private ExpressLink() {}

    /** The four attributes; none when the function has no link. */
    static Map<String, Supplier<String>> attributes(EmbeddedFunction function, byte[] config) {
        int at = CapabilityList.find(config, CapabilityList.EXPRESS);
        if (at == 0) {
            return Map.of();
        }
        int portType = LittleEndian.get(config, at + 2, 2) >>> 4 & 0xf;
        if (portType == INTEGRATED_ENDPOINT || portType == EVENT_COLLECTOR) {
            return Map.of();
        }
        return Map.of(
                "max_link_speed", () -> speed(function.readConfig(at + LINK_CAPABILITY, 4)),
                "max_link_width", () -> width(function.readConfig(at + LINK_CAPABILITY, 4)),
                "current_link_speed", () -> speed(function.readConfig(at + LINK_STATUS, 2)),
                "current_link_width", () -> width(function.readConfig(at + LINK_STATUS, 2)));
    }

    private static String speed(int register) {
        return switch (register & 0xf) {
            case 1 -> "2.5 GT/s PCIe";
            case 2 -> "5.0 GT/s PCIe";
            case 3 -> "8.0 GT/s PCIe";
            case 4 -> "16.0 GT/s PCIe";
            case 5 -> "32.0 GT/s PCIe";
            case 6 -> "64.0 GT/s PCIe";
            default -> "Unknown";
        };
    }

    private static String width(int register) {
        return Integer.toString(register >>> 4 & 0x3f);
    }
}
