// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Set;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.TceTableGroup;

/**
 * What an IOMMU with TCE tables can do. Spec: spapr §7, §10.
 *
 * @param platform whose rules it follows; groups of different platforms cannot share a container
 * @param tce32Start start of the default 32-bit window on the bus
 * @param tce32Size size of the default 32-bit window in bytes, 0 for none
 * @param slot1Start start of the window in slot 1 on the bus
 * @param pageSizes IOMMU page sizes offered for windows, one bit each
 * @param maxDynamicWindows how many dynamic windows a group may have, 0 to 2
 * @param maxLevels most table levels, 1 to 5
 * @param hostPageSize the page size tables are laid out for, in bytes, a power of two from 4096 on
 * @param tableMemoryLimit most bytes one table may really take; more is ENOMEM
 * @param isolatedMsi whether it keeps devices from writing others' interrupt messages
 */
public record TceConfig(
        Platform platform,
        long tce32Start,
        long tce32Size,
        long slot1Start,
        long pageSizes,
        int maxDynamicWindows,
        int maxLevels,
        int hostPageSize,
        long tableMemoryLimit,
        boolean isolatedMsi) {
    private static final int BASE_PAGE = 4096;
    private static final int MOST_LEVELS = 5;
    private static final long TWO_GIB = 1L << 31;
    private static final long SLOT_1 = 1L << 59;
    private static final long PAGES_4K_64K_16M = (1L << 12) | (1L << 16) | (1L << 24);
    private static final long ONE_GIB = 1L << 30;

    /** Kinds of platform, by the rules for their tables. */
    public enum Platform {
        /**
         * The machine itself rules the hardware (kernel: PowerNV): tables of up to five levels that groups can share; an
         * entry that allows writes allows reads.
         */
        POWERNV
    }

    /** Checks the values. */
    public TceConfig {
        if (maxLevels < 1 || maxLevels > MOST_LEVELS) {
            throw new IllegalArgumentException("TCE tables have 1 to 5 levels, not " + maxLevels);
        }
        if (maxDynamicWindows < 0 || maxDynamicWindows > TceTableGroup.SLOTS) {
            throw new IllegalArgumentException("a group has at most 2 windows, not " + maxDynamicWindows);
        }
        if (hostPageSize < BASE_PAGE || Integer.bitCount(hostPageSize) != 1) {
            throw new IllegalArgumentException("a page size of " + hostPageSize + " bytes does not exist");
        }
        if (pageSizes == 0 || (pageSizes & (BASE_PAGE - 1)) != 0) {
            throw new IllegalArgumentException(
                    "TCE page sizes 0x" + Long.toHexString(pageSizes) + " are not 4 KiB or more");
        }
        if (tce32Start % Long.highestOneBit(pageSizes) != 0 || slot1Start % Long.highestOneBit(pageSizes) != 0) {
            throw new IllegalArgumentException("windows at 0x" + Long.toHexString(tce32Start) + " and 0x"
                    + Long.toHexString(slot1Start) + " do not start at a page of each offered size");
        }
        if (tce32Start < 0 || tce32Size < 0 || slot1Start <= 0 || tce32Start + tce32Size > slot1Start) {
            throw new IllegalArgumentException("the 32-bit window of 0x" + Long.toHexString(tce32Size) + " bytes at 0x"
                    + Long.toHexString(tce32Start) + " does not end before slot 1 at 0x"
                    + Long.toHexString(slot1Start));
        }
    }

    /** PowerNV on a host with 4 KiB pages: 2 GiB at 0, slot 1 at 2^59, pages of 4 KiB, 64 KiB and 16 MiB, 5 levels. */
    public static TceConfig defaults() {
        return new TceConfig(
                Platform.POWERNV,
                0,
                TWO_GIB,
                SLOT_1,
                PAGES_4K_64K_16M,
                TceTableGroup.SLOTS,
                MOST_LEVELS,
                BASE_PAGE,
                ONE_GIB,
                true);
    }

    /** The same for a host with other pages. */
    public TceConfig withHostPageSize(int bytes) {
        return new TceConfig(
                platform,
                tce32Start,
                tce32Size,
                slot1Start,
                pageSizes,
                maxDynamicWindows,
                maxLevels,
                bytes,
                tableMemoryLimit,
                isolatedMsi);
    }

    /** The same with another 32-bit window. */
    public TceConfig withTce32(long start, long size) {
        return new TceConfig(
                platform,
                start,
                size,
                slot1Start,
                pageSizes,
                maxDynamicWindows,
                maxLevels,
                hostPageSize,
                tableMemoryLimit,
                isolatedMsi);
    }

    /** The same with another number of windows. */
    public TceConfig withMaxDynamicWindows(int windows) {
        return new TceConfig(
                platform,
                tce32Start,
                tce32Size,
                slot1Start,
                pageSizes,
                windows,
                maxLevels,
                hostPageSize,
                tableMemoryLimit,
                isolatedMsi);
    }

    /** The same with another limit of a table's memory. */
    public TceConfig withTableMemoryLimit(long bytes) {
        return new TceConfig(
                platform,
                tce32Start,
                tce32Size,
                slot1Start,
                pageSizes,
                maxDynamicWindows,
                maxLevels,
                hostPageSize,
                bytes,
                isolatedMsi);
    }

    /** The one capability such IOMMUs report. */
    static Set<IommuCapability> capabilities() {
        return Set.of(IommuCapability.CACHE_COHERENCY);
    }
}
