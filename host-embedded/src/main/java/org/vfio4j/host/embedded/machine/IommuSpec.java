// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import org.vfio4j.spi.host.ReservedRegion;

/** An IOMMU unit of a machine. */
public sealed interface IommuSpec {
    /** Its name, unique in the machine. */
    String name();

    /** Regions of the I/O address space that mappings must avoid, for every device behind it. */
    List<ReservedRegion> reserved();

    /**
     * A unit with page tables.
     *
     * @param name unique in the machine
     * @param addressWidth width of I/O addresses in bits, 31 to 57
     * @param pageSizes page sizes, one bit each
     * @param dirtyTracking whether it can record writes
     * @param coherent whether its DMA is coherent with caches; VFIO refuses devices otherwise
     * @param enforcesCoherency whether it can block accesses that bypass caches
     * @param isolatedMsi whether interrupts are isolated
     * @param reserved reserved regions
     */
    record Paging(
            String name,
            int addressWidth,
            long pageSizes,
            boolean dirtyTracking,
            boolean coherent,
            boolean enforcesCoherency,
            boolean isolatedMsi,
            List<ReservedRegion> reserved)
            implements IommuSpec {
        /** Page sizes of 4 KiB, 2 MiB and 1 GiB. */
        public static final long USUAL_PAGE_SIZES = (1L << 12) | (1L << 21) | (1L << 30);

        /** Where x86 machines take interrupt messages. */
        public static final ReservedRegion X86_MSI =
                new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, ReservedRegion.Type.MSI);

        /** Copies the list. */
        public Paging {
            reserved = List.copyOf(reserved);
        }

        /** A unit as in a usual server: 48 bits, all features, no reserved regions. */
        public static Paging usual(String name) {
            return new Paging(name, 48, USUAL_PAGE_SIZES, true, true, true, true, List.of());
        }
    }

    /**
     * A unit with TCE tables.
     *
     * @param name unique in the machine
     * @param window32Size size of the default window at bus address 0 in bytes
     * @param pageSizes page sizes offered for windows, one bit each
     * @param dynamicWindows how many windows can be made at run time, 0 to 2
     * @param levels most levels of a table, 1 to 5
     */
    record Tce(String name, long window32Size, long pageSizes, int dynamicWindows, int levels) implements IommuSpec {
        @Override
        public List<ReservedRegion> reserved() {
            return List.of();
        }
    }
}
