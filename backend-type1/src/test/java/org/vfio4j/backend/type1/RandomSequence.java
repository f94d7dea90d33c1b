// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** One instance, driven by random calls side by side with the {@link ReferenceModel}. */
final class RandomSequence implements DmaUnmapListener {
    private static final long USER = 0x100000;
    private static final int USER_PAGES = 72;
    /** Words of the caller's bitmap that are looked at. */
    private static final int WORDS = 64;
    /** First pages of the parts of the address space where something may be mapped, and how many pages they have. */
    private static final long[][] WINDOWS = {
        {0, 32},
        {0, 32},
        {0, 32},
        {0xfedfc000L, 8},
        {0xfeefe000L, 6},
        {0x40000000L, 16},
        {0x7ffffff000L - 3 * PAGE, 8},
        {0xffffffffc000L, 8},
        {-4 * PAGE, 4}
    };

    private final SplittableRandom random;
    private final Rig rig;
    private final UserAreas user;
    private final ReferenceModel model;
    private final RawCall raw;
    private final MemorySegment bitmap;
    private final List<FakeGroup> groups = new ArrayList<>();
    private final List<FakeGroup> mediated = new ArrayList<>();
    private final Deque<String> history = new ArrayDeque<>();

    RandomSequence(SplittableRandom random) {
        this.random = random;
        boolean version2 = random.nextInt(4) != 0;
        int limit = random.nextInt(3) == 0 ? 5 : 65535;
        rig = new Rig(version2, "dma_entry_limit", Integer.toString(limit));
        user = new UserAreas(rig.physical);
        layOut();
        raw = new RawCall(rig);
        bitmap = rig.caller.pages(1);
        model = new ReferenceModel(version2, limit, new Pages());
        history.add("version2 " + version2 + " limit " + limit);
        makeGroups();
        attach();
        while (model.hardware.pinnedScope.isEmpty()) {
            attach();
        }
        if (version2) {
            toggleDevice();
        }
    }

    private void layOut() {
        user.ram(USER, 16 * PAGE, RW);
        user.ram(USER + 16 * PAGE, 8 * PAGE, Rig.READ);
        user.ram(USER + 24 * PAGE, 4 * PAGE, 0);
        user.device(USER + 32 * PAGE, 8 * PAGE, RW);
        for (int page = 40; page < 64; page++) {
            user.ram(USER + page * PAGE, PAGE, RW);
        }
    }

    /** The layout once more, for the model. */
    private final class Pages implements ReferenceModel.UserPages {
        private static long page(long vaddr) {
            return (vaddr - USER) >> 12;
        }

        @Override
        public boolean allows(long vaddr, int access) {
            long page = page(vaddr);
            boolean there = (page >= 0 && page < 24) || (page >= 32 && page < 64);
            return there && (access == Rig.READ || page < 16 || page >= 32);
        }

        @Override
        public boolean isDevice(long vaddr) {
            return page(vaddr) >= 32 && page(vaddr) < 40;
        }

        @Override
        public long phys(long vaddr) {
            return user.phys(vaddr);
        }

        @Override
        public long limit() {
            return user.memlockLimit >> 12;
        }
    }

    private void makeGroups() {
        FakeGroup twin = group();
        FakeGroup relaxed = group();
        relaxed.reserved = List.of(
                FakeGroup.MSI, new ReservedRegion(4 * PAGE, 6 * PAGE - 1, ReservedRegion.Type.DIRECT_RELAXABLE));
        FakeGroup loose = group();
        loose.hardware.coherent = false;
        FakeGroup narrow = group();
        narrow.hardware.driver = "narrow";
        narrow.hardware.apertureEnd = (1L << 39) - 1;
        narrow.reserved =
                List.of(FakeGroup.MSI, new ReservedRegion(0x40004000L, 0x40007fffL, ReservedRegion.Type.RESERVED));
        FakeGroup coarse = group();
        coarse.hardware.driver = "coarse";
        coarse.hardware.pageSizes = 0x10000L | (1L << 29);
        FakeGroup alien = group();
        alien.hardware.driver = "alien";
        alien.hardware.pageSizes = 0x4000L;
        FakeGroup wide = group();
        wide.hardware.driver = "wide";
        wide.hardware.apertureEnd = -1L;
        wide.hardware.apertureStart = 0;
        wide.reserved = List.of();
        FakeGroup high = group();
        high.hardware.driver = "high";
        high.hardware.apertureStart = 2 * PAGE;
        FakeGroup unsafe = group();
        unsafe.isolatedMsi = false;
        groups.addAll(List.of(twin, relaxed, loose, narrow, coarse, wide, high, alien, unsafe, group()));
        mediated.addAll(List.of(group(), group()));
    }

    /** 4 KiB, 64 KiB, 2 MiB and 1 GiB. */
    private FakeGroup group() {
        FakeGroup group = rig.group();
        group.hardware.pageSizes = 0x40211000L;
        return group;
    }

    /** The last calls, for a failure's message. */
    List<String> history() {
        return List.copyOf(history);
    }

    void run(int operations) {
        for (int i = 0; i < operations; i++) {
            step();
            if (history.size() > 60) {
                history.removeFirst();
            }
            checkCounts();
            if (i % 16 == 0) {
                checkTranslations();
                rig.events.clear();
            }
        }
        checkTranslations();
        unmapped(Rig.ALL, 0, 0);
        rig.container.release();
        assertThat(rig.physical.pinnedPages()).as("pages pinned after release").isZero();
        assertThat(user.charged()).as("pages charged after release").isZero();
    }

    private void step() {
        switch (random.nextInt(26)) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> map();
            case 8, 9, 10, 11 -> unmap();
            case 12 -> unmapVaddr();
            case 13 -> mapVaddr();
            case 14, 15, 16 -> pin();
            case 17 -> unpin();
            case 18 -> copy();
            case 19 -> startOrStop();
            case 20, 21, 22 -> getBitmap();
            case 23 -> attach();
            case 24 -> detach();
            default -> rarely();
        }
    }

    private void rarely() {
        switch (random.nextInt(6)) {
            case 0 -> toggleDevice();
            case 1 -> user.memlockLimit = random.nextInt(40) * PAGE + random.nextInt(4096);
            default -> user.memlockLimit = Long.MAX_VALUE;
        }
    }

    private long iova() {
        long[] window = WINDOWS[random.nextInt(WINDOWS.length)];
        long page = random.nextInt((int) window[1]);
        if (model.hardware.smallest() > PAGE && random.nextInt(3) != 0) {
            page &= -16;
        }
        return window[0] + page * PAGE + (random.nextInt(40) == 0 ? 512 : 0);
    }

    private long size() {
        return switch (random.nextInt(24)) {
            case 0 -> 0;
            case 1 -> 512;
            case 2 -> -PAGE;
            case 3 -> (16 + random.nextInt(17)) * PAGE;
            default -> model.hardware.smallest() > PAGE ? 16 * PAGE : (1 + random.nextInt(6)) * PAGE;
        };
    }

    private long vaddr() {
        long page = random.nextInt(3) == 0 ? random.nextInt(USER_PAGES) : random.nextInt(16);
        if (model.hardware.smallest() > PAGE && random.nextInt(3) != 0) {
            page &= -16;
        }
        return USER + page * PAGE + (random.nextInt(40) == 0 ? 512 : 0);
    }

    private int flags(int usual) {
        return random.nextInt(25) == 0 ? random.nextInt(10) : usual;
    }

    private void map() {
        int flags = flags(random.nextInt(4) == 0 ? 1 + random.nextInt(2) : RW);
        mapped(flags, vaddr(), iova(), size());
    }

    private void mapVaddr() {
        List<ReferenceEntry> invalid =
                model.entries.stream().filter(entry -> !entry.valid).toList();
        ReferenceEntry entry = invalid.isEmpty() ? any() : invalid.get(random.nextInt(invalid.size()));
        long iova = entry == null || random.nextInt(6) == 0 ? iova() : entry.iova;
        long size = entry == null || random.nextInt(6) == 0 ? size() : entry.size();
        mapped(Rig.VADDR, vaddr(), iova, size);
    }

    private void mapped(int flags, long vaddr, long iova, long size) {
        compare(
                "map %x vaddr %x iova %x size %x".formatted(flags, vaddr, iova, size),
                () -> rig.container.mapDma(user, flags, vaddr, iova, size),
                () -> model.map(flags, vaddr, iova, size));
    }

    private @Nullable ReferenceEntry any() {
        return model.entries.isEmpty() ? null : model.entries.get(random.nextInt(model.entries.size()));
    }

    /** A range: often exactly an entry, or from one entry's start to another's end. */
    private long[] range() {
        ReferenceEntry first = any();
        ReferenceEntry last = any();
        if (first == null || last == null || random.nextInt(3) == 0) {
            return new long[] {iova(), size()};
        }
        if (random.nextBoolean()) {
            return new long[] {first.iova, first.size()};
        }
        return new long[] {first.iova, last.last - first.iova + 1};
    }

    private void unmap() {
        int flags = flags(random.nextInt(30) == 0 ? Rig.ALL : 0);
        long[] range = (flags & Rig.ALL) != 0 && random.nextInt(3) != 0 ? new long[2] : range();
        if ((flags & 1) != 0) {
            flags &= ~1;
        }
        if (flags == 0 && random.nextInt(4) == 0) {
            unmapWithBitmap(range[0], range[1]);
        } else {
            unmapped(flags, range[0], range[1]);
        }
    }

    private void unmapVaddr() {
        if (random.nextInt(4) == 0) {
            unmapped(Rig.UNMAP_VADDR | Rig.ALL, 0, 0);
        } else {
            long[] range = range();
            unmapped(Rig.UNMAP_VADDR, range[0], range[1]);
        }
    }

    private void unmapped(int flags, long iova, long size) {
        long[] sizes = new long[2];
        compare(
                "unmap %x iova %x size %x".formatted(flags, iova, size),
                () -> sizes[0] = rig.unmap(flags, iova, size),
                () -> sizes[1] = model.unmap(flags, iova, size, new ReferenceBitmap(0, 0, new long[0])));
        assertThat(sizes[0]).as("bytes unmapped").isEqualTo(sizes[1]);
    }

    private void unmapWithBitmap(long iova, long size) {
        ReferenceBitmap expected = newBitmap(size);
        long[] sizes = new long[2];
        compare(
                "unmap with bitmap iova %x size %x page %x bytes %x"
                        .formatted(iova, size, expected.pageSize(), expected.size()),
                () -> {
                    raw.longs(24, expected.pageSize(), expected.size(), bitmap.address());
                    raw.unmap(48, 1, iova, size);
                    sizes[0] = raw.longAt(16);
                },
                () -> sizes[1] = model.unmap(1, iova, size, expected));
        assertThat(sizes[0]).as("bytes unmapped").isEqualTo(sizes[1]);
        checkBitmap(expected);
    }

    private void getBitmap() {
        long[] range = range();
        ReferenceBitmap expected = newBitmap(range[1]);
        compare(
                "get bitmap iova %x size %x page %x bytes %x"
                        .formatted(range[0], range[1], expected.pageSize(), expected.size()),
                () -> raw.getBitmap(range[0], range[1], expected.pageSize(), expected.size(), bitmap.address()),
                () -> model.getBitmap(range[0], range[1], expected));
        checkBitmap(expected);
    }

    /** The caller's bitmap with something in it; large enough if the range is one that windows allow. */
    private ReferenceBitmap newBitmap(long bytes) {
        long page = random.nextInt(12) == 0 ? 1L << (11 + random.nextInt(4)) : model.hardware.smallest();
        long words = Math.min(Long.divideUnsigned(Math.max(bytes, 1) - 1, page * 64) + 1, WORDS);
        long size = random.nextInt(12) == 0 ? random.nextInt(40) : words * 8;
        long[] before = new long[WORDS];
        for (int i = 0; i < WORDS; i++) {
            before[i] = random.nextInt(4) == 0 ? random.nextLong() : 0;
            bitmap.setAtIndex(ValueLayout.JAVA_LONG, i, before[i]);
        }
        return new ReferenceBitmap(page, size, before);
    }

    private void checkBitmap(ReferenceBitmap expected) {
        long[] seen = bitmap.asSlice(0, 8L * WORDS).toArray(ValueLayout.JAVA_LONG);
        assertThat(seen).as("words of the bitmap").isEqualTo(expected.words());
    }

    private void startOrStop() {
        if (random.nextInt(3) != 0) {
            compare("start", raw::start, model::start);
        } else {
            compare("stop", raw::stop, model::stop);
        }
    }

    private void pin() {
        List<FakeGroup> attached = model.hardware.groups();
        FakeGroup group = attached.get(random.nextInt(attached.size()));
        // Real groups pin rarely: once all have pinned, nothing but pins is dirty.
        if (!model.hardware.emulated.contains(group) && random.nextInt(6) != 0) {
            return;
        }
        ReferenceEntry entry = any();
        long iova = entry == null || random.nextInt(4) == 0
                ? iova()
                : entry.iova + random.nextInt(entry.pages()) * PAGE + 17L * random.nextInt(2);
        int pages = random.nextInt(30) == 0 ? random.nextInt(515) : 1 + random.nextInt(3);
        int protection = random.nextInt(3) + 1;
        List<Long> seen = new ArrayList<>();
        List<Long> expected = new ArrayList<>();
        compare(
                "pin iova %x pages %d protection %d by %d".formatted(iova, pages, protection, group.id()),
                () -> rig.container.pinPages(group, iova, pages, protection, (phys, length) -> {
                    for (long at = 0; at < length; at += PAGE) {
                        seen.add(phys + at);
                    }
                }),
                () -> {
                    for (long phys : model.pin(group, iova, pages, protection)) {
                        expected.add(phys);
                    }
                });
        assertThat(seen).as("pages pinned").isEqualTo(expected);
    }

    private void unpin() {
        ReferenceEntry entry = any();
        long iova =
                entry == null || random.nextInt(4) == 0 ? iova() : entry.iova + random.nextInt(entry.pages()) * PAGE;
        int pages = random.nextInt(4);
        compare(
                "unpin iova %x pages %d".formatted(iova, pages),
                () -> rig.container.unpinPages(iova, pages),
                () -> model.unpin(iova, pages));
    }

    private void copy() {
        ReferenceEntry entry = any();
        long iova = entry == null ? iova() : entry.iova + random.nextInt(entry.pages()) * PAGE + random.nextInt(4096);
        int length = random.nextInt(40) == 0 ? random.nextInt(6000) : random.nextInt(64);
        boolean write = random.nextBoolean();
        MemorySegment buffer = MemorySegment.ofArray(new byte[length]);
        buffer.fill((byte) random.nextInt());
        boolean done = compare(
                "copy iova %x length %d write %s".formatted(iova, length, write),
                () -> rig.container.dmaRw(iova, buffer, write),
                () -> model.copy(iova, length, write));
        if (done) {
            MemorySegment there = MemorySegment.ofArray(new byte[1]);
            for (int i = 0; i < length; i += 1 + length / 8) {
                ReferenceEntry holder = model.at(iova + i);
                if (holder != null) {
                    user.read(holder.vaddr + (iova + i - holder.iova), there, 0, 1);
                    assertThat(buffer.get(ValueLayout.JAVA_BYTE, i))
                            .as("byte %s of a copy", i)
                            .isEqualTo(there.get(ValueLayout.JAVA_BYTE, 0));
                }
            }
        }
    }

    private void attach() {
        boolean real = random.nextInt(3) != 0;
        List<FakeGroup> some = real ? groups : mediated;
        FakeGroup group = some.get(random.nextInt(some.size()));
        compare(
                "attach %d real %s".formatted(group.id(), real),
                () -> rig.container.attachGroup(group, real ? GroupKind.IOMMU : GroupKind.EMULATED),
                () -> model.attach(group, real));
    }

    private void detach() {
        List<FakeGroup> attached = model.hardware.groups();
        if (attached.size() > 1) {
            FakeGroup group = attached.get(random.nextInt(attached.size()));
            compare(
                    "detach %d".formatted(group.id()),
                    () -> rig.container.detachGroup(group),
                    () -> model.detach(group));
        }
    }

    /** Only while nothing is pinned: who leaves with pins has them taken away after many requests. */
    private void toggleDevice() {
        if (model.entries.stream().allMatch(entry -> entry.pins.isEmpty())) {
            if (model.listening) {
                rig.container.unregisterDevice(this);
            } else {
                rig.container.registerDevice(this);
            }
            model.listening = !model.listening;
        }
    }

    /** Lets go of everything; the model still has what it was before the call that asks for it. */
    @Override
    public void dmaUnmap(long iova, long length) {
        ReferenceEntry entry = model.at(iova);
        if (entry == null || entry.iova != iova || entry.size() != length) {
            throw new AssertionError("asked to let go of what is no mapping: %x, %x bytes".formatted(iova, length));
        }
        entry.pins.forEach((page, count) -> {
            for (int i = 0; i < count; i++) {
                rig.container.unpinPages(page, 1);
            }
        });
    }

    /** Whether both did it; when the one refuses, so does the other, for the same reason. */
    private boolean compare(String what, Runnable call, Runnable expectation) {
        history.add(what);
        Errno seen = null;
        try {
            call.run();
        } catch (VfioException e) {
            seen = e.errno();
        }
        Set<Errno> allowed = Set.of();
        try {
            expectation.run();
        } catch (ReferenceRefusal e) {
            allowed = e.errnos;
        }
        if (seen == null ? !allowed.isEmpty() : !allowed.contains(seen)) {
            throw new AssertionError(what + " answered " + seen + ", expected " + allowed);
        }
        return seen == null;
    }

    private void checkCounts() {
        DmaLimits limits = rig.container.limits();
        if (limits.mappingsAvailable() != model.available()
                || limits.pageSizes() != model.hardware.pageSizes()
                || !limits.ranges().equals(model.hardware.ranges)
                || user.charged() != model.charged()
                || rig.physical.pinnedPages() != model.pinned()) {
            assertThat(limits.mappingsAvailable()).as("entries left").isEqualTo(model.available());
            assertThat(limits.pageSizes()).as("page sizes").isEqualTo(model.hardware.pageSizes());
            assertThat(limits.ranges()).as("usable ranges").isEqualTo(model.hardware.ranges);
            assertThat(user.charged()).as("pages charged").isEqualTo(model.charged());
            assertThat(rig.physical.pinnedPages()).as("pages pinned").isEqualTo(model.pinned());
        }
    }

    private void checkTranslations() {
        assertThat(rig.container.checkExtension(4)).isEqualTo(model.hardware.coherent() ? 1 : 0);
        assertThat(rig.container.checkExtension(10)).isEqualTo(model.hardware.emulated.isEmpty() ? 1 : 0);
        for (List<FakeGroup> domain : model.hardware.domains) {
            FakeDomain hardware = domain.getFirst().attached();
            for (FakeGroup member : domain) {
                assertThat(member.attached())
                        .as("domain shared by group %s", member.id())
                        .isSameAs(hardware);
            }
            for (long[] window : WINDOWS) {
                for (int page = 0; page < window[1] + 8; page++) {
                    long iova = window[0] + page * PAGE;
                    long seen = hardware.iovaToPhys(iova);
                    if (seen != model.translate(iova)) {
                        throw new AssertionError("domain %d translates %x to %x, expected %x"
                                .formatted(domain.getFirst().id(), iova, seen, model.translate(iova)));
                    }
                }
            }
        }
    }
}
