// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioException;

/**
 * Maps, unmaps, pins, device accesses, dirty reads and attaches at once, over the software IOMMU. A shadow says for each
 * slot of the address space what is mapped there and whether that is changing; whoever sees it unchanged around an access
 * knows exactly what the access had to find. {@code -Dtype1.race.seconds} makes it longer.
 */
@SuppressWarnings("ThreadPriorityCheck") // more threads than processors: a loop that waits lets others run
class RaceStressTest {
    private static final long SECONDS = Long.getLong("type1.race.seconds", 2);
    private static final int SLOTS = 48;
    private static final int MAPPERS = 2;
    /** Pages that a slot shows in turn; they belong to it alone. */
    private static final int PAGES = 3;
    /** Slots are so far apart that a word of a bitmap is one slot's own. */
    private static final long STRIDE = 64 * PAGE;
    /** What the user writes into each page: its number, where devices only read. */
    private static final long STAMP = 64;
    /** Where devices write. */
    private static final long SCRATCH = 2048;

    private final Rig rig = Rig.v2();
    private final FaultLog faults = new FaultLog();
    private final EmbeddedGroup group = group("first", 1);
    private final DmaPort port = port(group, "steady");
    private final DmaPort sibling = port(group, "steady too");
    private final EmbeddedGroup late = group("second", 2);
    private final DmaPort latePort = port(late, "comes and goes");
    private final FakeGroup mediated = rig.group();

    private final MemorySegment memory = rig.caller.pages(SLOTS * PAGES);
    /** Slot by slot: an odd number while it changes, else twice a version times {@link #CHOICES} plus what it shows. */
    private final AtomicLongArray shadow = new AtomicLongArray(SLOTS);
    /** The same for the attachment of the second group: odd while it changes, a multiple of four while attached. */
    private final AtomicLong attachment = new AtomicLong(2);

    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicLong checkedMapped = new AtomicLong();
    private final AtomicLong checkedUnmapped = new AtomicLong();
    private final AtomicLong checkedLate = new AtomicLong();
    private final AtomicLong checkedBits = new AtomicLong();

    private static final int CHOICES = 8;

    private EmbeddedGroup group(String name, int id) {
        return new PagingUnit(name, rig.physical, PagingConfig.defaults(), faults).newGroup(id);
    }

    private static DmaPort port(EmbeddedGroup group, String name) {
        TestDevice device = new TestDevice(name, group);
        group.join(device);
        return group.port(device, () -> true);
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    @Spec({"T-162", "T-163"})
    void shouldShowEachAccessExactlyWhatIsMapped() throws Exception {
        for (int page = 0; page < SLOTS * PAGES; page++) {
            memory.set(ValueLayout.JAVA_LONG, page * PAGE + STAMP, page + 1L);
        }
        group.claimDmaOwner(rig, false);
        late.claimDmaOwner(rig, false);
        rig.container.attachGroup(group, GroupKind.IOMMU);
        rig.container.attachGroup(mediated, GroupKind.EMULATED);
        rig.container.registerDevice(this::letGo);
        new RawCall(rig).start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try (ExecutorService pool = Executors.newCachedThreadPool()) {
            List<Future<?>> workers = new ArrayList<>();
            for (int mapper = 0; mapper < MAPPERS; mapper++) {
                int part = mapper;
                workers.add(pool.submit(() -> repeat(100 + part, random -> mapOrUnmap(part, random))));
            }
            workers.add(pool.submit(() -> repeat(1, random -> access(port, random, false))));
            workers.add(pool.submit(() -> repeat(2, random -> access(sibling, random, false))));
            workers.add(pool.submit(() -> repeat(3, random -> access(latePort, random, true))));
            workers.add(pool.submit(() -> repeat(4, this::pinAndUnpin)));
            workers.add(pool.submit(() -> repeat(5, random -> attachAndDetach())));
            RawCall raw = new RawCall(rig);
            MemorySegment bitmap = rig.caller.pages(1);
            workers.add(pool.submit(() -> repeat(6, random -> readDirty(raw, bitmap, random))));
            workers.add(pool.submit(() -> repeat(7, random -> readLimits())));
            // On a busy machine it takes as long as it takes until each kind of check was made.
            while ((System.nanoTime() < end || !everyKindChecked())
                    && workers.stream().noneMatch(Future::isDone)) {
                rig.events.clear();
                TimeUnit.MILLISECONDS.sleep(20);
            }
            stop.set(true);
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
        assertThat(checkedMapped.get()).as("accesses to what was mapped").isPositive();
        assertThat(checkedUnmapped.get()).as("accesses to what was not").isPositive();
        assertThat(checkedLate.get())
                .as("accesses by the device that comes and goes")
                .isPositive();
        assertThat(checkedBits.get()).as("dirty bits").isPositive();
        long entries = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            entries += shows(shadow.get(slot)) >= 0 ? 1 : 0;
        }
        assertThat(rig.available() + entries).as("entries left and used").isEqualTo(65535);
        assertThat(rig.caller.locked()).as("charge").isEqualTo(entries);
        assertThat(rig.unmap(Rig.ALL, 0, 0)).isEqualTo(entries * PAGE);
        rig.assertNothingHeld();
        rig.container.release();
    }

    /** Leaves the processors to the others; nothing depends on how long. */
    private static void pause(long nanos) {
        LockSupport.parkNanos(nanos);
    }

    private interface Turn {
        void run(SplittableRandom random) throws Exception;
    }

    /** Until the end, or until somebody's turn fails. */
    private void repeat(long seed, Turn turn) {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            while (!stop.get()) {
                turn.run(random);
            }
        } catch (Exception e) {
            throw new AssertionError("worker " + seed + ": " + e.getMessage(), e);
        } finally {
            stop.set(true);
        }
    }

    private static long iova(int slot) {
        return slot * STRIDE;
    }

    /** The page a quiet slot shows, -1 for none. */
    private static int shows(long state) {
        return (int) (state / 2 % CHOICES) - 1;
    }

    private static boolean quiet(long state) {
        return (state & 1) == 0;
    }

    private static long after(long state, int page) {
        return (state / 2 / CHOICES + 1) * CHOICES * 2 + (page + 1) * 2L;
    }

    private void mapOrUnmap(int mapper, SplittableRandom random) {
        int slot = random.nextInt(SLOTS / MAPPERS) * MAPPERS + mapper;
        long state = shadow.get(slot);
        int shown = shows(state);
        shadow.set(slot, state | 1);
        if (shown >= 0) {
            assertThat(rig.unmap(iova(slot), PAGE)).as("bytes unmapped").isEqualTo(PAGE);
            shadow.set(slot, after(state, -1));
            MemorySegment scratch = memory.asSlice((slot * PAGES + shown) * PAGE + SCRATCH, 64);
            scratch.fill((byte) 0);
            for (int look = 0; look < 20; look++) {
                assertThat(scratch.get(ValueLayout.JAVA_LONG, 8L * (look & 7)))
                        .as("written after unmap returned, slot %s", slot)
                        .isZero();
            }
        } else {
            int page = random.nextInt(PAGES);
            rig.map(RW, memory.address() + (slot * PAGES + page) * PAGE, iova(slot), PAGE);
            shadow.set(slot, after(state, page));
        }
    }

    private void access(DmaPort through, SplittableRandom random, boolean comesAndGoes) {
        int slot = random.nextInt(SLOTS);
        MemorySegment bytes = MemorySegment.ofArray(new long[8]);
        boolean write = random.nextBoolean();
        bytes.fill((byte) 1);
        long attached = attachment.get();
        long before = shadow.get(slot);
        boolean done = write
                ? through.write(iova(slot) + SCRATCH, bytes, 0, 64)
                : through.read(iova(slot) + STAMP, bytes, 0, 8);
        boolean certain = quiet(before)
                && shadow.get(slot) == before
                && (!comesAndGoes || (quiet(attached) && attachment.get() == attached));
        if (!certain) {
            return;
        }
        int page = shows(before);
        boolean expected = page >= 0 && (!comesAndGoes || attached % 4 == 0);
        assertThat(done)
                .as("access to slot %s, page %s, attachment %s", slot, page, attached)
                .isEqualTo(expected);
        if (done && !write) {
            assertThat(bytes.get(ValueLayout.JAVA_LONG, 0))
                    .as("what a device read in slot %s", slot)
                    .isEqualTo(slot * PAGES + page + 1L);
        }
        (!done ? checkedUnmapped : comesAndGoes ? checkedLate : checkedMapped).incrementAndGet();
    }

    private boolean everyKindChecked() {
        return checkedMapped.get() > 0 && checkedUnmapped.get() > 0 && checkedLate.get() > 0 && checkedBits.get() > 0;
    }

    private void pinAndUnpin(SplittableRandom random) {
        long iova = iova(random.nextInt(SLOTS));
        try {
            rig.container.pinPages(mediated, iova, 1, RW, (phys, length) -> {});
        } catch (VfioException notMapped) {
            return;
        }
        if (random.nextInt(4) != 0) {
            rig.container.unpinPages(iova, 1);
        }
    }

    /** As often as one page can be pinned between two requests: the pinner may come back while this runs. */
    private void letGo(long iova, long length) {
        for (int i = 0; i < 64; i++) {
            rig.container.unpinPages(iova, (int) (length / PAGE));
        }
    }

    private void attachAndDetach() {
        long state = attachment.get();
        attachment.set(state | 1);
        rig.container.attachGroup(late, GroupKind.IOMMU);
        attachment.set(state + 2);
        pause(1_000_000);
        attachment.set((state + 2) | 1);
        rig.container.detachGroup(late);
        attachment.set(state + 4);
        pause(100_000);
    }

    /** The first group may write everything: what is mapped is dirty, and nothing else. */
    private void readDirty(RawCall raw, MemorySegment bitmap, SplittableRandom random) {
        int first = random.nextInt(SLOTS - 8);
        long[] before = new long[8];
        bitmap.asSlice(0, 64).fill((byte) 0);
        for (int i = 0; i < 8; i++) {
            before[i] = shadow.get(first + i);
        }
        raw.getBitmap(iova(first), 8 * STRIDE, PAGE, 64, bitmap.address());
        for (int i = 0; i < 8; i++) {
            if (quiet(before[i]) && shadow.get(first + i) == before[i]) {
                assertThat(bitmap.getAtIndex(ValueLayout.JAVA_LONG, i))
                        .as("bits of slot %s", first + i)
                        .isEqualTo(shows(before[i]) >= 0 ? 1 : 0);
                checkedBits.incrementAndGet();
            }
        }
        pause(100_000);
    }

    private void readLimits() {
        assertThat(rig.available()).as("entries left").isBetween(65535L - SLOTS, 65535L);
        pause(100_000);
    }
}
