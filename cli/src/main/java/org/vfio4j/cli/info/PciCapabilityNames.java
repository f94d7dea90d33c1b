// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.info;

import java.util.Map;

/** Names of PCI capabilities. */
final class PciCapabilityNames {
    private static final Map<Integer, String> STANDARD = Map.ofEntries(
            Map.entry(0x00, "null"),
            Map.entry(0x01, "power management"),
            Map.entry(0x02, "AGP"),
            Map.entry(0x03, "vital product data"),
            Map.entry(0x04, "slot identification"),
            Map.entry(0x05, "MSI"),
            Map.entry(0x06, "CompactPCI hot swap"),
            Map.entry(0x07, "PCI-X"),
            Map.entry(0x08, "HyperTransport"),
            Map.entry(0x09, "vendor specific"),
            Map.entry(0x0a, "debug port"),
            Map.entry(0x0b, "CompactPCI resource control"),
            Map.entry(0x0c, "hot plug"),
            Map.entry(0x0d, "subsystem"),
            Map.entry(0x0e, "AGP 8x"),
            Map.entry(0x0f, "secure device"),
            Map.entry(0x10, "PCI Express"),
            Map.entry(0x11, "MSI-X"),
            Map.entry(0x12, "SATA"),
            Map.entry(0x13, "advanced features"),
            Map.entry(0x14, "enhanced allocation"),
            Map.entry(0x15, "flattening portal bridge"));

    private static final Map<Integer, String> EXTENDED = Map.ofEntries(
            Map.entry(0x01, "advanced error reporting"),
            Map.entry(0x02, "virtual channel"),
            Map.entry(0x03, "device serial number"),
            Map.entry(0x04, "power budgeting"),
            Map.entry(0x05, "root complex link"),
            Map.entry(0x08, "multi-function virtual channel"),
            Map.entry(0x09, "virtual channel"),
            Map.entry(0x0b, "vendor specific"),
            Map.entry(0x0d, "access control services"),
            Map.entry(0x0e, "alternative routing-ID"),
            Map.entry(0x0f, "address translation services"),
            Map.entry(0x10, "SR-IOV"),
            Map.entry(0x12, "multicast"),
            Map.entry(0x13, "page request"),
            Map.entry(0x15, "resizable BAR"),
            Map.entry(0x16, "dynamic power allocation"),
            Map.entry(0x17, "TPH requester"),
            Map.entry(0x18, "latency tolerance reporting"),
            Map.entry(0x19, "secondary PCI Express"),
            Map.entry(0x1b, "PASID"),
            Map.entry(0x1d, "downstream port containment"),
            Map.entry(0x1e, "L1 substates"),
            Map.entry(0x1f, "precision time measurement"),
            Map.entry(0x23, "designated vendor specific"),
            Map.entry(0x25, "data link feature"),
            Map.entry(0x26, "physical layer 16 GT/s"));

    private static final Map<Integer, String> PORT_TYPES = Map.of(
            0, "endpoint",
            1, "legacy endpoint",
            4, "root port",
            5, "switch upstream port",
            6, "switch downstream port",
            7, "bridge to PCI",
            8, "bridge from PCI",
            9, "root complex integrated endpoint",
            10, "root complex event collector");

    private PciCapabilityNames() {}

    static String standard(int id) {
        return STANDARD.getOrDefault(id, String.format("unknown (%02x)", id));
    }

    static String extended(int id) {
        return EXTENDED.getOrDefault(id, String.format("unknown (%04x)", id));
    }

    static String portType(int type) {
        return PORT_TYPES.getOrDefault(type, "unknown port type " + type);
    }
}
