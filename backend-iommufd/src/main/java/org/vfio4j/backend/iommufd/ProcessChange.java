// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * IOAS_CHANGE_PROCESS: another process takes over what the mappings of a context are charged for (kernel: {@code
 * iommufd_ioas_change_process}). Only pages of files can change hands. Spec: iommufd §5.15, §12 L5.
 */
final class ProcessChange {
    private final Context context;
    private final Caller caller;

    private ProcessChange(Context context, Caller caller) {
        this.context = context;
        this.caller = caller;
    }

    /**
     * Takes all mappings over, or none.
     *
     * @throws VfioException EBUSY while a mapping is being made or removed, EINVAL when one is of a process' own memory, ENOMEM when
     *     the caller's limit is too small
     */
    static void run(Context context, Caller caller) {
        new ProcessChange(context, caller).runOnAll();
    }

    private void runOnAll() {
        context.creationLock().writeLock().lock();
        try {
            List<Ioas> all = context.objects().all(Ioas.class);
            try {
                runLocked(all, 0);
            } finally {
                all.forEach(Ioas::put);
            }
        } finally {
            context.creationLock().writeLock().unlock();
        }
    }

    /** Takes the IOVA locks in the order of ids: nothing is pinned or unpinned then. */
    private void runLocked(List<Ioas> all, int locked) {
        if (locked == all.size()) {
            Set<PageObject> pages = pagesOf(all);
            charge(pages);
            return;
        }
        var lock = all.get(locked).engine().iovaLock.writeLock();
        lock.lock();
        try {
            runLocked(all, locked + 1);
        } finally {
            lock.unlock();
        }
    }

    private static Set<PageObject> pagesOf(List<Ioas> all) {
        Set<PageObject> pages = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Ioas ioas : all) {
            IntervalTree<Area> areas = ioas.engine().space.areas;
            for (Area area = areas.first(); area != null; area = areas.next(area)) {
                if (area.state != Area.State.READY) {
                    throw new VfioException(
                            Errno.EBUSY,
                            "CHANGE_PROCESS refused: iova " + IovaSpace.hex(area.start)
                                    + " is being mapped or unmapped");
                }
                if (!area.pages.ofFile()) {
                    throw new VfioException(
                            Errno.EINVAL,
                            "CHANGE_PROCESS refused: the mapping at iova " + IovaSpace.hex(area.start)
                                    + " is memory of a process, not of a file");
                }
                pages.add(area.pages);
            }
        }
        return pages;
    }

    private void charge(Set<PageObject> all) {
        List<Move> moves = new ArrayList<>(all.size());
        for (PageObject pages : all) {
            pages.pagesLock.lock();
            try {
                Accounting old = pages.accounting();
                var move = new Move(pages, old, old.movedTo(caller, context.environment()), pages.pinnedPages());
                if (move.counts() && !move.next.tryCharge(move.charged)) {
                    moves.forEach(Move::undo);
                    throw new VfioException(
                            Errno.ENOMEM,
                            "CHANGE_PROCESS refused: " + move.charged
                                    + " more pages would exceed the limit of locked memory");
                }
                moves.add(move);
            } finally {
                pages.pagesLock.unlock();
            }
        }
        moves.forEach(Move::finish);
    }

    /** A page object that changes hands. */
    private record Move(PageObject pages, Accounting old, Accounting next, long charged) {
        /** Whether the charge moves to another counter. */
        boolean counts() {
            return charged != 0 && !next.chargesLike(old);
        }

        void undo() {
            if (counts()) {
                next.uncharge(charged);
            }
        }

        void finish() {
            if (counts()) {
                old.uncharge(charged);
            }
            pages.pagesLock.lock();
            try {
                pages.accounting(next);
            } finally {
                pages.pagesLock.unlock();
            }
        }
    }
}
