// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.concurrent.locks.ReentrantLock;

/**
 * One of the locks of a window's entries. The exchange of an entry is atomic by itself; the lock keeps the exchange, the
 * note of where the page came from and the release of the old page together, so that references are exact whatever maps
 * and unmaps of one entry meet. Taken inside the container's configuration lock; a {@link RegionTable}'s lock nests in it.
 * Spec: spapr §11.
 */
final class EntryLock {
    private static final long[] NONE = {};

    final ReentrantLock lock = new ReentrantLock();

    /** Tokens of entries that were taken out of the table and not yet invalidated. Guarded by {@link #lock}. */
    private long[] tokens = NONE;

    private int used;

    void add(long token) {
        if (tokens.length == 0) {
            tokens = new long[DmaWindow.BLOCK];
        }
        tokens[used++] = token;
    }

    boolean hasTokens() {
        return used > 0;
    }

    /** Gives back the pages of all entries added. */
    void release(PageSource source, int shift) {
        int count = used;
        used = 0;
        source.release(tokens, count, shift);
    }
}
