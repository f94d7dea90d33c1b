// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.spi.host.TceTable;

/**
 * Where the pages that entries point to come from and go back to: pinned one by one in version 1, registered ahead in
 * version 2. Thread-safe. Spec: spapr §6.
 */
interface PageSource {
    /**
     * Begins a map call.
     *
     * @param shift page size of the window
     * @param pages the most that will be taken
     */
    PageCursor open(int shift, long pages);

    /**
     * Notes the user address an entry is about to be made from, as far as its release will need it. Called under the entry's
     * lock.
     *
     * @param vaddr 0 for an entry that is clear
     * @return the note before
     * @throws org.vfio4j.uapi.VfioException ENOMEM when there is no room for a new note
     */
    long note(TceTable table, long entry, long vaddr);

    /**
     * What {@link #release} needs to know of an entry that was replaced or cleared.
     *
     * @param note what was noted of it
     * @param old the old entry, not 0
     * @return not 0
     */
    long token(long note, long old);

    /**
     * Gives pages back that no DMA uses any more.
     *
     * @param tokens what {@link #token} answered
     * @param count how many of them
     * @param shift page size of the window
     */
    void release(long[] tokens, int count, int shift);

    /** Takes the pages of one map call, in ascending order. One thread. */
    interface PageCursor extends AutoCloseable {
        /**
         * Takes the next page for an entry.
         *
         * @param vaddr aligned to the page size
         * @return its physical address
         * @throws org.vfio4j.uapi.VfioException EFAULT, EINVAL, EPERM
         */
        long take(long vaddr);

        /** The page taken last goes into no entry. */
        void giveBack(long phys);

        /** Ends the call. */
        @Override
        void close();
    }
}
