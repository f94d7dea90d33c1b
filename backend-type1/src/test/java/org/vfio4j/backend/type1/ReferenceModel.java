// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.ReferenceEntry.PAGE;
import static org.vfio4j.backend.type1.ReferenceEntry.below;
import static org.vfio4j.backend.type1.ReferenceHardware.refuseIf;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;

/**
 * What the specification says a type1 instance does, written down as plainly as possible: lists that are searched from the
 * start, a page at a time, and sums made when somebody asks. It shares no code with the backend.
 */
final class ReferenceModel {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int VADDR = 4;
    private static final int GET_DIRTY = 1;
    private static final int ALL = 2;

    final ReferenceHardware hardware = new ReferenceHardware();
    final List<ReferenceEntry> entries = new ArrayList<>();
    final boolean version2;
    final long entryLimit;
    boolean tracking;
    /** Whether a device listens to unmaps. */
    boolean listening;

    private final UserPages user;

    ReferenceModel(boolean version2, long entryLimit, UserPages user) {
        this.version2 = version2;
        this.entryLimit = entryLimit;
        this.user = user;
    }

    /** What is known of the user: every page of its address space. */
    interface UserPages {
        boolean allows(long vaddr, int access);

        boolean isDevice(long vaddr);

        long phys(long vaddr);

        /** Pages that may be locked. */
        long limit();
    }

    long available() {
        return entryLimit - entries.size();
    }

    /** Pages charged to the user. */
    long charged() {
        return entries.stream()
                .mapToLong(entry -> entry.phys != null ? entry.charged : entry.pins.size())
                .sum();
    }

    /** Pins of pages, counted each. */
    long pinned() {
        return entries.stream()
                .mapToLong(entry -> entry.pins.size() + (entry.phys != null ? entry.pages() : 0))
                .sum();
    }

    /** The physical address behind an address in every domain; 0 for none. */
    long translate(long iova) {
        ReferenceEntry entry = at(iova);
        return entry == null || entry.phys == null ? 0 : entry.phys[(int) ((iova - entry.iova) / PAGE)];
    }

    boolean anyInvalid() {
        return entries.stream().anyMatch(entry -> !entry.valid);
    }

    @Nullable
    ReferenceEntry at(long iova) {
        for (ReferenceEntry entry : entries) {
            if (entry.holds(iova)) {
                return entry;
            }
        }
        return null;
    }

    private static boolean wraps(long start, long size) {
        return below(start + size - 1, start);
    }

    void map(int flags, long vaddr, long iova, long size) {
        refuseIf((flags & ~7) != 0, Errno.EINVAL);
        refuseIf(size == 0, Errno.EINVAL);
        refuseIf(wraps(iova, size) || wraps(vaddr, size), Errno.EOVERFLOW);
        refuseIf(flags == 0 || (flags > VADDR), Errno.EINVAL);
        refuseIf(((iova | vaddr | size) & (hardware.smallest() - 1)) != 0, Errno.EINVAL);
        long last = iova + size - 1;
        List<ReferenceEntry> there =
                entries.stream().filter(entry -> entry.overlaps(iova, last)).toList();
        if (flags == VADDR) {
            refuseIf(there.isEmpty(), Errno.ENOENT);
            ReferenceEntry entry = there.getFirst();
            refuseIf(entry.valid || entry.iova != iova || entry.size() != size, Errno.EINVAL);
            entry.vaddr = vaddr;
            entry.valid = true;
            return;
        }
        refuseIf(!there.isEmpty(), Errno.EEXIST);
        refuseIf(available() == 0, Errno.ENOSPC);
        refuseIf(
                !hardware.ranges.isEmpty()
                        && hardware.ranges.stream()
                                .noneMatch(range -> !below(iova, range.start()) && !below(range.last(), last)),
                Errno.EINVAL);
        ReferenceEntry entry = new ReferenceEntry(iova, size, vaddr, flags);
        if (!hardware.none()) {
            long charge = pinnable(entry, charged());
            for (List<FakeGroup> domain : hardware.domains) {
                refuseIf(!fits(entry, locate(entry), domain.getFirst()), Errno.EINVAL);
            }
            entry.phys = locate(entry);
            entry.charged = charge;
        }
        entries.add(entry);
        entries.sort(Comparator.comparing(each -> each.iova, Long::compareUnsigned));
    }

    /** Pages to charge for an entry, or why it cannot be pinned; pages are looked at one after the other. */
    private long pinnable(ReferenceEntry entry, long locked) {
        long pages = 0;
        boolean bad = false;
        boolean over = false;
        for (long at = 0; at < entry.size() && !bad && !over; at += PAGE) {
            bad = !user.allows(entry.vaddr + at, (entry.protection & WRITE) != 0 ? WRITE : READ);
            if (!bad && !user.isDevice(entry.vaddr + at)) {
                pages++;
                over = locked + pages - entry.pins.size() > user.limit();
            }
        }
        if ((bad || over) && !entry.pins.isEmpty()) {
            // Which of its pages are charged already is not told: the order of both refusals is open.
            if (anyBad(entry)) {
                throw new ReferenceRefusal(Errno.EFAULT, Errno.ENOMEM);
            }
        }
        refuseIf(bad, Errno.EFAULT);
        refuseIf(over, Errno.ENOMEM);
        return pages;
    }

    private boolean anyBad(ReferenceEntry entry) {
        for (long at = 0; at < entry.size(); at += PAGE) {
            if (!user.allows(entry.vaddr + at, (entry.protection & WRITE) != 0 ? WRITE : READ)) {
                return true;
            }
        }
        return false;
    }

    private long[] locate(ReferenceEntry entry) {
        long[] phys = new long[entry.pages()];
        for (int i = 0; i < phys.length; i++) {
            phys[i] = user.phys(entry.vaddr + i * PAGE);
        }
        return phys;
    }

    /** Whether every run of an entry is made of whole pages of a group's hardware. */
    private static boolean fits(ReferenceEntry entry, long[] phys, FakeGroup group) {
        long mask = Long.lowestOneBit(group.hardware.pageSizes) - 1;
        for (int i = 0; i < phys.length; i++) {
            boolean starts = i == 0 || phys[i] != phys[i - 1] + PAGE;
            boolean ends = i == phys.length - 1 || phys[i + 1] != phys[i] + PAGE;
            if ((starts && ((phys[i] | (entry.iova + i * PAGE)) & mask) != 0)
                    || (ends && ((phys[i] + PAGE) & mask) != 0)) {
                return false;
            }
        }
        return true;
    }

    /** Bytes removed or marked; reported bits go into the words. */
    long unmap(int flags, long iova, long size, ReferenceBitmap bitmap) {
        boolean all = (flags & ALL) != 0;
        refuseIf((flags & ~7) != 0 || ((flags & GET_DIRTY) != 0 && flags != GET_DIRTY), Errno.EINVAL);
        if (flags == GET_DIRTY) {
            refuseIf(!bitmap.fits(size), Errno.EINVAL);
        }
        refuseIf((flags & VADDR) != 0 && !hardware.emulated.isEmpty(), Errno.EBUSY);
        long mask = hardware.smallest() - 1;
        refuseIf((iova & mask) != 0, Errno.EINVAL);
        refuseIf(all && (iova | size) != 0, Errno.EINVAL);
        refuseIf(!all && (size == 0 || (size & mask) != 0), Errno.EINVAL);
        refuseIf(!all && wraps(iova, size), Errno.EOVERFLOW);
        refuseIf(flags == GET_DIRTY && (!tracking || bitmap.pageSize() != mask + 1), Errno.EINVAL);
        long last = all ? -1L : iova + size - 1;
        if (version2 && !all) {
            refuseCut(iova, last);
        }
        List<ReferenceEntry> hit =
                entries.stream().filter(entry -> entry.overlaps(iova, last)).toList();
        if (!version2 && !hit.isEmpty() && below(hit.getFirst().iova, iova)) {
            return 0;
        }
        if ((flags & VADDR) != 0) {
            refuseIf(hit.stream().anyMatch(entry -> !entry.valid), Errno.EINVAL);
            hit.forEach(entry -> entry.valid = false);
        } else {
            for (ReferenceEntry entry : hit) {
                if (flags == GET_DIRTY) {
                    report(entry, iova, bitmap);
                }
                entries.remove(entry);
            }
        }
        return hit.stream().mapToLong(ReferenceEntry::size).sum();
    }

    private void refuseCut(long iova, long last) {
        for (ReferenceEntry entry : entries) {
            refuseIf(entry.holds(iova) && entry.iova != iova, Errno.EINVAL);
            refuseIf(entry.holds(last) && entry.last != last, Errno.EINVAL);
        }
    }

    void attach(FakeGroup group, boolean real) {
        refuseIf(anyInvalid(), Errno.EBUSY);
        refuseIf(hardware.pinnedScope.containsKey(group), Errno.EINVAL);
        if (!real) {
            hardware.emulated.add(group);
            hardware.pinnedScope.put(group, true);
            return;
        }
        var ranges = hardware.admit(group, entries);
        List<FakeGroup> home = hardware.mergeable(group);
        if (home.isEmpty()) {
            long sizes = hardware.none() ? group.hardware.pageSizes : hardware.pageSizes() & group.hardware.pageSizes;
            refuseIf(sizes == 0, Errno.EINVAL);
            refuseIf(tracking && Long.lowestOneBit(sizes) != hardware.smallest(), Errno.EINVAL);
            replay(group);
            hardware.domains.addFirst(new ArrayList<>(List.of(group)));
        } else {
            home.add(group);
        }
        hardware.ranges = ranges;
        hardware.pinnedScope.put(group, false);
    }

    private void replay(FakeGroup group) {
        long locked = charged();
        long[] charges = new long[entries.size()];
        for (int i = 0; i < charges.length; i++) {
            ReferenceEntry entry = entries.get(i);
            if (entry.phys == null) {
                charges[i] = pinnable(entry, locked);
                locked += charges[i] - entry.pins.size();
            }
            boolean misfit = !fits(entry, entry.phys == null ? locate(entry) : entry.phys, group);
            boolean outside =
                    below(entry.iova, group.hardware.apertureStart) || below(group.hardware.apertureEnd, entry.last);
            if (misfit && outside) {
                throw new ReferenceRefusal(Errno.EINVAL, Errno.ERANGE);
            }
            refuseIf(misfit, Errno.EINVAL);
            refuseIf(outside, Errno.ERANGE); // the hardware's own refusal: with no list of ranges nothing else looks
        }
        for (int i = 0; i < charges.length; i++) {
            ReferenceEntry entry = entries.get(i);
            if (entry.phys == null) {
                entry.phys = locate(entry);
                entry.charged = charges[i];
            }
        }
    }

    void detach(FakeGroup group) {
        Boolean scope = hardware.pinnedScope.remove(group);
        if (hardware.emulated.remove(group)) {
            if (hardware.pinnedScope.isEmpty()) {
                entries.clear();
            }
            return;
        }
        long smallest = hardware.smallest();
        hardware.domains.forEach(domain -> domain.remove(group));
        boolean gone = hardware.domains.removeIf(List::isEmpty);
        if (hardware.none()) {
            entries.forEach(entry -> entry.phys = null);
            if (hardware.emulated.isEmpty()) {
                entries.clear();
            }
        }
        hardware.refresh(gone);
        boolean wroteAnywhere = Boolean.FALSE.equals(scope);
        if (tracking && (wroteAnywhere || smallest != hardware.smallest())) {
            entries.forEach(this::markAll);
        }
    }

    void start() {
        refuseIf(!version2, Errno.EACCES);
        if (!tracking) {
            entries.forEach(entry -> entry.dirty = pinnedBits(entry));
            tracking = true;
        }
    }

    void stop() {
        refuseIf(!version2, Errno.EACCES);
        tracking = false;
        entries.forEach(entry -> entry.dirty = new BitSet());
    }

    void getBitmap(long iova, long size, ReferenceBitmap bitmap) {
        refuseIf(!version2, Errno.EACCES);
        refuseIf(size == 0, Errno.EINVAL);
        refuseIf(wraps(iova, size), Errno.EOVERFLOW);
        long page = hardware.smallest();
        refuseIf(!bitmap.fits(size) || bitmap.pageSize() != page, Errno.EINVAL);
        refuseIf(((iova | size) & (page - 1)) != 0 || !tracking, Errno.EINVAL);
        long last = iova + size - 1;
        refuseCut(iova, last);
        for (ReferenceEntry entry : entries) {
            if (entry.overlaps(iova, last)) {
                report(entry, iova, bitmap);
                entry.dirty = pinnedBits(entry);
            }
        }
    }

    private void report(ReferenceEntry entry, long base, ReferenceBitmap bitmap) {
        boolean anything = entry.phys != null && hardware.pinnedScope.containsValue(false);
        if (anything) {
            markAll(entry);
        }
        long page = hardware.smallest();
        bitmap.report((entry.iova - base) / page, (int) (entry.size() / page), entry.dirty);
    }

    private void markAll(ReferenceEntry entry) {
        entry.dirty.set(0, (int) (entry.size() / hardware.smallest()));
    }

    private BitSet pinnedBits(ReferenceEntry entry) {
        BitSet bits = new BitSet();
        entry.pins.keySet().forEach(iova -> bits.set((int) ((iova - entry.iova) / hardware.smallest())));
        return bits;
    }

    /** Physical addresses of the pages. */
    long[] pin(@Nullable FakeGroup group, long iova, int pages, int protection) {
        refuseIf(pages == 0, Errno.EINVAL);
        refuseIf(pages > 512, Errno.E2BIG);
        refuseIf(!version2, Errno.EACCES);
        long start = iova & -PAGE;
        refuseIf(wraps(start, pages * PAGE), Errno.EOVERFLOW);
        refuseIf(anyInvalid(), Errno.EBUSY);
        refuseIf(!listening, Errno.EINVAL);
        long[] phys = new long[pages];
        long charged = charged();
        for (int i = 0; i < pages; i++) {
            long address = start + i * PAGE;
            ReferenceEntry entry = at(address);
            if (entry == null) {
                throw new ReferenceRefusal(Errno.EINVAL);
            }
            refuseIf((entry.protection & protection) != protection, Errno.EPERM);
            long vaddr = entry.vaddr + (address - entry.iova);
            boolean held = entry.pins.containsKey(address);
            // A page is located when it is pinned first; another vaddr does not move it.
            phys[i] = held ? entry.pinnedAt.getOrDefault(address, 0L) : user.phys(vaddr);
            if (!held) {
                refuseIf(!user.allows(vaddr, (entry.protection & WRITE) != 0 ? WRITE : READ), Errno.EFAULT);
                refuseIf(user.isDevice(vaddr), Errno.EINVAL);
                refuseIf(hardware.none() && ++charged > user.limit(), Errno.ENOMEM);
            }
        }
        for (int i = 0; i < pages; i++) {
            long address = start + i * PAGE;
            ReferenceEntry entry = at(address);
            if (entry != null && entry.pins.merge(address, 1, Integer::sum) == 1) {
                entry.pinnedAt.put(address, phys[i]);
                touch(entry, address, 1);
            }
        }
        if (group != null) {
            hardware.pinnedScope.computeIfPresent(group, (each, scope) -> true);
        }
        return phys;
    }

    void unpin(long iova, int pages) {
        if (!version2 || pages <= 0 || pages > 512) {
            return;
        }
        for (int i = 0; i < pages; i++) {
            long address = (iova & -PAGE) + i * PAGE;
            ReferenceEntry entry = at(address);
            if (entry == null) {
                return;
            }
            entry.pins.computeIfPresent(address, (each, count) -> count == 1 ? null : count - 1);
        }
    }

    /** A copy to or from a device, and what it writes. */
    void copy(long iova, int length, boolean write) {
        refuseIf(length == 0, Errno.EINVAL);
        refuseIf(anyInvalid(), Errno.EBUSY);
        for (long at = iova; at != iova + length; ) {
            ReferenceEntry entry = at(at);
            if (entry == null) {
                throw new ReferenceRefusal(Errno.EINVAL);
            }
            refuseIf((entry.protection & READ) == 0, Errno.EPERM);
            refuseIf(write && (entry.protection & WRITE) == 0, Errno.EPERM);
            long piece = Math.min(iova + length - at, entry.last - at + 1);
            for (long i = 0; i < piece; i++) {
                refuseIf(!user.allows(entry.vaddr + (at - entry.iova) + i, write ? WRITE : READ), Errno.EFAULT);
            }
            if (write) {
                touch(entry, at, piece);
            }
            at += piece;
        }
    }

    private void touch(ReferenceEntry entry, long iova, long length) {
        if (tracking) {
            long page = hardware.smallest();
            entry.dirty.set((int) ((iova - entry.iova) / page), (int) ((iova - entry.iova + length - 1) / page) + 1);
        }
    }
}
