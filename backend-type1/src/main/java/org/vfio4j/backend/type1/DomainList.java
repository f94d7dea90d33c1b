// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;

/**
 * The domains of an instance, newest first, and the page sizes they have in common (kernel: {@code domain_list},
 * {@code pgsize_bitmap}). Guarded by the instance lock. Spec: type1 §7, §9.8, §9.9.
 */
final class DomainList {
    private final int basePageSize;
    private final List<AttachedDomain> newestFirst = new ArrayList<>();
    private long pageSizes;

    DomainList(int basePageSize) {
        this.basePageSize = basePageSize;
        this.pageSizes = clamp(-1L);
    }

    boolean isEmpty() {
        return newestFirst.isEmpty();
    }

    int size() {
        return newestFirst.size();
    }

    List<AttachedDomain> newestFirst() {
        return Collections.unmodifiableList(newestFirst);
    }

    @Nullable
    AttachedDomain holding(IommuGroup group) {
        for (AttachedDomain domain : newestFirst) {
            if (domain.find(group) != null) {
                return domain;
            }
        }
        return null;
    }

    void addNewest(AttachedDomain domain) {
        newestFirst.addFirst(domain);
        pageSizes = pageSizesWith(-1L);
    }

    void remove(AttachedDomain domain) {
        newestFirst.remove(domain);
        pageSizes = pageSizesWith(-1L);
    }

    /** Page sizes that all domains have, one bit each; none below the base page. */
    long pageSizes() {
        return pageSizes;
    }

    /** What {@link #pageSizes} would be with one more domain. */
    long pageSizesWith(long further) {
        long common = further;
        for (AttachedDomain domain : newestFirst) {
            common &= domain.hardware().pageSizes();
        }
        return clamp(common);
    }

    /** The page size to which addresses and lengths are aligned and in which dirty pages are counted. */
    long smallestPage() {
        return Long.lowestOneBit(pageSizes);
    }

    boolean allCoherent() {
        for (AttachedDomain domain : newestFirst) {
            if (!domain.coherent()) {
                return false;
            }
        }
        return true;
    }

    /** Lets the hardware fetch what a mapping at an address is going to change. */
    void prefetch(long iova) {
        for (int i = 0; i < newestFirst.size(); i++) {
            newestFirst.get(i).hardware().prefetch(iova);
        }
    }

    /**
     * Translates a pinned entry in every domain, or in none.
     *
     * @param largestPiece most bytes to hand to the hardware at once
     */
    void map(DmaEntry entry, long largestPiece) {
        int done = 0;
        try {
            for (; done < newestFirst.size(); done++) {
                map(newestFirst.get(done).hardware(), entry, largestPiece);
            }
        } finally {
            if (done < newestFirst.size()) {
                while (--done >= 0) {
                    unmap(newestFirst.get(done).hardware(), entry.iova, entry.size());
                }
            }
        }
    }

    /**
     * Ends an entry's translation in every domain; the newest is last, since no page may be given back before.
     *
     * @return false when some translation is left, so that the pages must stay pinned
     */
    boolean unmap(DmaEntry entry) {
        boolean complete = true;
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            complete &= unmap(newestFirst.get(i).hardware(), entry.iova, entry.size());
        }
        return complete;
    }

    /** Translates a pinned entry in one domain, wholly or not at all. */
    static void map(IommuDomain domain, DmaEntry entry, long largestPiece) {
        long done = 0;
        boolean complete = false;
        try {
            int runs = entry.runCount();
            for (int run = 0; run < runs; run++) {
                long phys = entry.runPhys(run);
                long end = phys + entry.runLength(run);
                while (phys != end) {
                    long piece = Math.min(end - phys, largestPiece);
                    domain.map(entry.iova + done, phys, piece, entry.protection);
                    phys += piece;
                    done += piece;
                }
            }
            complete = true;
        } finally {
            if (!complete && done != 0) {
                unmap(domain, entry.iova, done);
            }
        }
    }

    /**
     * Ends translation of a range that is wholly mapped.
     *
     * @return whether all of it is gone
     */
    static boolean unmap(IommuDomain domain, long iova, long size) {
        long done = 0;
        while (done != size) {
            long removed = domain.unmap(iova + done, size - done);
            if (removed == 0) {
                return false;
            }
            done += removed;
        }
        return true;
    }

    /** Nothing smaller than the CPU's page can be pinned, so smaller IOMMU pages are used in groups of that size. */
    private long clamp(long sizes) {
        long below = basePageSize - 1L;
        return (sizes & below) == 0 ? sizes : (sizes & ~below) | basePageSize;
    }
}
