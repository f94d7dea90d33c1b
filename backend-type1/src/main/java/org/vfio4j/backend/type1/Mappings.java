// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.IommuDomain;

/**
 * The life of entries: pinned and translated, only remembered, gone. Every method leaves either its whole effect or none.
 * Used under the instance lock. Spec: type1 §4 M13-M14, §8 D2, §9.7.
 */
final class Mappings {
    private static final Logger LOG = LoggerFactory.getLogger(Mappings.class);

    private final InstanceState state;
    private final EntryPinner pinner;
    private final Tunables tunables;
    private final int basePageSize;

    Mappings(InstanceState state, EntryPinner pinner, Tunables tunables, int basePageSize) {
        this.state = state;
        this.pinner = pinner;
        this.tunables = tunables;
        this.basePageSize = basePageSize;
    }

    /** Pins an entry and translates it in every domain. */
    void realize(DmaEntry entry) {
        pinner.pin(entry);
        boolean done = false;
        try {
            state.domains.map(entry, largestPiece());
            done = true;
        } finally {
            if (!done) {
                pinner.unpin(entry);
            }
        }
        entry.mapped = true;
    }

    /** Removes an entry with everything that hangs on it. */
    void remove(DmaEntry entry) {
        if (entry.hasPins()) {
            LOG.error("mapping at {} is removed although devices still hold pages of it", Refusal.hex(entry.iova));
        }
        pinner.dropPins(entry);
        suspend(entry);
        state.entries.remove(entry);
        state.mappingsAvailable++;
        if (!entry.vaddrValid) {
            state.invalidVaddrs--;
        }
        entry.dirty = null;
    }

    void removeAll() {
        for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.first()) {
            remove(entry);
        }
    }

    /** The last domain goes while devices without DMA of their own stay: entries are only remembered from now on. */
    void suspendAll() {
        for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.next(entry)) {
            suspend(entry);
        }
    }

    /**
     * Puts all entries into a domain that is not in the list yet, in address order. Entries that no domain translates are
     * pinned, in the memory of whoever mapped them, and charged to them.
     */
    void replay(IommuDomain fresh) {
        boolean pinning = state.domains.isEmpty();
        for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.next(entry)) {
            boolean done = false;
            try {
                replay(fresh, entry, pinning);
                done = true;
            } finally {
                if (!done) {
                    undoReplay(fresh, entry);
                }
            }
        }
    }

    /**
     * Takes a replay back.
     *
     * @param end the first entry that was not replayed, null when all were
     */
    void undoReplay(IommuDomain fresh, @Nullable DmaEntry end) {
        boolean pinned = state.domains.isEmpty();
        for (DmaEntry entry = state.entries.first(); entry != null && entry != end; entry = state.entries.next(entry)) {
            boolean complete = DomainList.unmap(fresh, entry.iova, entry.size());
            if (pinned) {
                release(entry, complete);
            }
        }
    }

    private void replay(IommuDomain fresh, DmaEntry entry, boolean pinning) {
        if (pinning) {
            pinner.pin(entry);
        }
        boolean done = false;
        try {
            DomainList.map(fresh, entry, pinning ? largestPiece() : Long.MAX_VALUE);
            entry.mapped = true;
            done = true;
        } finally {
            if (!done && pinning) {
                pinner.unpin(entry);
            }
        }
    }

    private void suspend(DmaEntry entry) {
        if (entry.mapped) {
            release(entry, state.domains.unmap(entry));
        }
    }

    private void release(DmaEntry entry, boolean translationsGone) {
        if (!translationsGone) {
            LOG.error("the IOMMU did not unmap {}: its pages stay pinned", Refusal.range(entry.iova, entry.last));
            entry.notPinned();
        }
        pinner.unpin(entry);
        entry.mapped = false;
    }

    private long largestPiece() {
        return tunables.disableHugePages() ? Math.max(basePageSize, state.domains.smallestPage()) : Long.MAX_VALUE;
    }
}
