// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/**
 * A part of the I/O address space that is not translated as usual (kernel: {@code struct iommu_resv_region}).
 *
 * @param start first address
 * @param last last address, inclusive
 * @param type why it is reserved
 */
public record ReservedRegion(long start, long last, Type type) {
    /** Kinds of reservation with their sysfs names. */
    public enum Type {
        /** Must be mapped one to one at all times. */
        DIRECT("direct"),
        /** Mapped one to one for firmware; may be given up, and is ignored by VFIO. */
        DIRECT_RELAXABLE("direct-relaxable"),
        /** Must not be mapped. */
        RESERVED("reserved"),
        /** Interrupt messages, hardware-defined. */
        MSI("msi"),
        /** Interrupt messages, a window the kernel chose; sysfs shows {@code msi} too. */
        SOFTWARE_MSI("msi");

        private final String sysfsName;

        Type(String sysfsName) {
            this.sysfsName = sysfsName;
        }

        /** The word shown in {@code reserved_regions}. */
        public String sysfsName() {
            return sysfsName;
        }
    }
}
