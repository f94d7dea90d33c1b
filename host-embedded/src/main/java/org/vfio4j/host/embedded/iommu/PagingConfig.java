// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Set;
import org.vfio4j.spi.host.IommuCapability;

/**
 * What a page-table IOMMU can do.
 *
 * @param apertureStart first usable address, multiple of 4 KiB
 * @param addressBits width of addresses, 30 to 57: the last usable address is {@code 2^addressBits - 1}
 * @param pageSizes page sizes, one bit each: 4 KiB and, if wanted, 2 MiB and 1 GiB
 * @param dirtyPageSizes the page sizes used in domains that record writes, a subset with 4 KiB: writes are reported in the
 *     size of the page they hit
 * @param tableLimit most tables of 4 KiB one domain may have; more is ENOMEM
 * @param capabilities what it can do for every device behind it
 * @param isolatedMsi whether it keeps devices from writing others' interrupt messages
 */
public record PagingConfig(
        long apertureStart,
        int addressBits,
        long pageSizes,
        long dirtyPageSizes,
        int tableLimit,
        Set<IommuCapability> capabilities,
        boolean isolatedMsi) {
    private static final long BASE = 1L << 12;
    private static final long POSSIBLE = BASE | (1L << 21) | (1L << 30);
    private static final int FEWEST_BITS = 30;
    private static final int MOST_BITS = 57;
    private static final int DEFAULT_BITS = 48;
    private static final int DEFAULT_TABLES = 1 << 20;

    /** Checks the values; copies the set. */
    public PagingConfig {
        if (addressBits < FEWEST_BITS || addressBits > MOST_BITS) {
            throw new IllegalArgumentException("an IOMMU's address width of " + addressBits + " bits is not 30 to 57");
        }
        if (apertureStart < 0 || apertureStart >>> addressBits != 0 || apertureStart % BASE != 0) {
            throw new IllegalArgumentException("an aperture from 0x" + Long.toHexString(apertureStart) + " with "
                    + addressBits + " bits of address does not exist");
        }
        checkSizes(pageSizes, POSSIBLE);
        checkSizes(dirtyPageSizes, pageSizes);
        if (Long.highestOneBit(pageSizes) >= 1L << addressBits) {
            throw new IllegalArgumentException("pages of 0x" + Long.toHexString(Long.highestOneBit(pageSizes))
                    + " bytes need more than " + addressBits + " bits of address");
        }
        if (tableLimit < 1) {
            throw new IllegalArgumentException("a domain needs at least one table, not " + tableLimit);
        }
        capabilities = Set.copyOf(capabilities);
    }

    /** 48 bits of address from 0 on; pages of 4 KiB, 2 MiB and 1 GiB; every capability. */
    public static PagingConfig defaults() {
        return new PagingConfig(
                0, DEFAULT_BITS, POSSIBLE, POSSIBLE, DEFAULT_TABLES, Set.of(IommuCapability.values()), true);
    }

    /** The same with another aperture. */
    public PagingConfig withAperture(long start, int bits) {
        return new PagingConfig(start, bits, pageSizes, dirtyPageSizes, tableLimit, capabilities, isolatedMsi);
    }

    /** The same with other page sizes, in all domains. */
    public PagingConfig withPageSizes(long sizes) {
        return new PagingConfig(apertureStart, addressBits, sizes, sizes, tableLimit, capabilities, isolatedMsi);
    }

    /** The same with other page sizes in domains that record writes. */
    public PagingConfig withDirtyPageSizes(long sizes) {
        return new PagingConfig(apertureStart, addressBits, pageSizes, sizes, tableLimit, capabilities, isolatedMsi);
    }

    /** The same with another number of tables. */
    public PagingConfig withTableLimit(int tables) {
        return new PagingConfig(
                apertureStart, addressBits, pageSizes, dirtyPageSizes, tables, capabilities, isolatedMsi);
    }

    /** The same with other capabilities. */
    public PagingConfig withCapabilities(Set<IommuCapability> others) {
        return new PagingConfig(apertureStart, addressBits, pageSizes, dirtyPageSizes, tableLimit, others, isolatedMsi);
    }

    /** The same with or without isolation of interrupt messages. */
    public PagingConfig withIsolatedMsi(boolean isolated) {
        return new PagingConfig(
                apertureStart, addressBits, pageSizes, dirtyPageSizes, tableLimit, capabilities, isolated);
    }

    /** Last usable address. */
    public long apertureEnd() {
        return (1L << addressBits) - 1;
    }

    private static void checkSizes(long sizes, long allowed) {
        if ((sizes & BASE) == 0 || (sizes & ~allowed) != 0) {
            throw new IllegalArgumentException("page sizes 0x" + Long.toHexString(sizes)
                    + " are not 0x1000 and more out of 0x" + Long.toHexString(allowed));
        }
    }
}
