// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

/**
 * Place of a function.
 *
 * @param segment PCI segment (domain), 16 bits
 * @param bus bus number, 8 bits
 * @param device device number, 5 bits
 * @param function function number, 3 bits
 */
public record PciAddress(int segment, int bus, int device, int function) implements Comparable<PciAddress> {
    /**
     * Reads {@code ssss:bb:dd.f}, or {@code bb:dd.f} for segment 0.
     *
     * @throws IllegalArgumentException when the text is no such address
     */
    public static PciAddress parse(String text) {
        var matcher = java.util.regex.Pattern.compile(
                        "(?:([0-9a-fA-F]{4}):)?([0-9a-fA-F]{2}):([01][0-9a-fA-F])\\.([0-7])")
                .matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no PCI address like 0000:00:05.0");
        }
        var segment = matcher.group(1);
        return new PciAddress(
                segment == null ? 0 : Integer.parseInt(segment, 16),
                Integer.parseInt(matcher.group(2), 16),
                Integer.parseInt(matcher.group(3), 16),
                Integer.parseInt(matcher.group(4), 16));
    }

    /** Device and function in one byte. */
    public int devfn() {
        return device << 3 | function;
    }

    @Override
    public int compareTo(PciAddress other) {
        return Integer.compare(
                segment << 16 | bus << 8 | devfn(), other.segment << 16 | other.bus << 8 | other.devfn());
    }

    /** The form {@code ssss:bb:dd.f}. */
    @Override
    public String toString() {
        return String.format("%04x:%02x:%02x.%x", segment, bus, device, function);
    }
}
