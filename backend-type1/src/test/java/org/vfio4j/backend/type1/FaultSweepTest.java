// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Every step of a call that the environment can make fail is made to fail, one after the other: pins, charges, copies,
 * domains, maps, attaches. After each failure everything is as before the call, and the call works when it is repeated.
 */
class FaultSweepTest {
    private static final long USER = 0x100000;

    /** How a step fails. */
    enum Failure {
        REFUSED,
        OUT_OF_MEMORY;

        Throwable thrown() {
            return this == REFUSED
                    ? new VfioException(Errno.ENOMEM, "made to fail")
                    : new OutOfMemoryError("made to fail");
        }
    }

    /** An instance, a user with scattered memory, and groups of every kind. */
    private static final class World {
        final Rig rig = Rig.v2();
        final UserAreas user = new UserAreas(rig.physical, rig.faults);
        final FakeGroup first = rig.group();
        final FakeGroup loose = rig.group();
        final FakeGroup twin = rig.group();
        final FakeGroup foreign = rig.group();
        final FakeGroup mediated = rig.group();

        World() {
            for (int page = 0; page < 64; page++) {
                user.ram(USER + page * PAGE, PAGE, RW);
            }
            loose.hardware.coherent = false;
            foreign.hardware.driver = "foreign";
            foreign.reserved = List.of(new ReservedRegion(0x8000000L, 0x80fffffL, ReservedRegion.Type.SOFTWARE_MSI));
        }

        World real(FakeGroup... groups) {
            for (FakeGroup group : groups) {
                rig.attach(group);
            }
            return this;
        }

        World emulated() {
            rig.container.attachGroup(mediated, GroupKind.EMULATED);
            rig.container.registerDevice((iova, length) -> rig.container.unpinPages(iova, (int) (length / PAGE)));
            return this;
        }

        World map(long iova, int page, int pages) {
            rig.container.mapDma(user, RW, USER + page * PAGE, iova, pages * PAGE);
            return this;
        }

        void pin(long iova, int pages) {
            rig.container.pinPages(mediated, iova, pages, RW, (phys, length) -> {});
        }

        State state() {
            Map<Integer, List<FakeDomain.Piece>> translations = new TreeMap<>();
            Map<Integer, Integer> attached = new TreeMap<>();
            int live = 0;
            for (FakeGroup group : List.of(first, loose, twin, foreign)) {
                if (group.isAttached()) {
                    translations.put(group.id(), group.attached().pieces());
                    attached.put(group.id(), System.identityHashCode(group.attached()));
                }
                live += (int) group.domains.stream()
                        .filter(domain -> !domain.isFreed())
                        .count();
            }
            return new State(
                    translations,
                    attached,
                    live,
                    rig.container.limits(),
                    user.charged(),
                    rig.physical.pinnedPages(),
                    rig.container.checkExtension(4));
        }
    }

    /** Everything that shows. */
    private record State(
            Map<Integer, List<FakeDomain.Piece>> translations,
            Map<Integer, Integer> attached,
            int domains,
            DmaLimits limits,
            long charged,
            long pinned,
            int coherent) {}

    /** What the sweep met at least once. */
    private final Set<String> met = new HashSet<>();

    private void sweep(Failure failure, Supplier<World> start, Consumer<World> call) {
        World counted = start.get();
        counted.rig.faults.count();
        call.accept(counted);
        int steps = counted.rig.faults.steps();
        assertThat(steps).as("steps that can fail").isPositive();
        State expected = counted.state();
        for (int step = 0; step < steps; step++) {
            World world = start.get();
            State before = world.state();
            world.rig.faults.failAt(step, failure::thrown);
            Throwable thrown = null;
            try {
                call.accept(world);
            } catch (VfioException | OutOfMemoryError e) {
                thrown = e;
            }
            String failed = world.rig.faults.failed();
            world.rig.faults.count();
            String where = "step %d of %d, %s".formatted(step, steps, failed);
            assertThat(failed).as("step %s was reached", step).isNotNull();
            met.add(failed);
            if (thrown == null) {
                // Only a merge may be refused by the hardware without consequences for the caller.
                assertThat(failed).as(where).isEqualTo("attach group");
                assertThat(world.state().limits()).as(where).isEqualTo(expected.limits());
                assertThat(world.state().charged()).as(where).isEqualTo(expected.charged());
            } else {
                assertThat(world.state()).as(where).isEqualTo(before);
                call.accept(world);
                assertThat(world.state().limits()).as("again after " + where).isEqualTo(expected.limits());
                assertThat(world.state().charged()).as("again after " + where).isEqualTo(expected.charged());
                assertThat(world.state().pinned()).as("again after " + where).isEqualTo(expected.pinned());
            }
            world.rig.container.release();
            assertThat(world.rig.physical.pinnedPages()).as(where).isZero();
            assertThat(world.user.charged()).as(where).isZero();
        }
    }

    private static World twoDomains() {
        World world = new World();
        return world.real(world.first, world.loose);
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoAMapIntoTwoDomains(Failure failure) {
        sweep(failure, () -> twoDomains().map(0x80000, 20, 3), world -> world.map(0x10000, 0, 9));
        assertThat(met).containsExactlyInAnyOrder("pin", "charge", "map");
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoAMapWhileTracking(Failure failure) {
        sweep(
                failure,
                () -> {
                    World world = twoDomains();
                    new RawCall(world.rig).start();
                    return world;
                },
                world -> world.map(0x10000, 0, 9));
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoTheFirstAttachWithItsReplay(Failure failure) {
        sweep(
                failure,
                () -> {
                    World world = new World().emulated().map(0x10000, 0, 9).map(0x80000, 20, 3);
                    world.pin(0x12000, 2);
                    return world;
                },
                world -> world.real(world.foreign));
        assertThat(met)
                .containsExactlyInAnyOrder("allocate domain", "attach group", "pin", "charge", "map", "reserve window");
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoAnAttachBesideOthers(Failure failure) {
        sweep(failure, () -> twoDomains().map(0x10000, 0, 9).map(0x80000, 20, 3), world -> world.real(world.foreign));
        assertThat(met).containsExactlyInAnyOrder("allocate domain", "attach group", "map", "reserve window");
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoAnAttachThatMerges(Failure failure) {
        sweep(failure, () -> twoDomains().map(0x10000, 0, 9), world -> world.real(world.twin));
        assertThat(met).contains("allocate domain", "attach group");
    }

    @ParameterizedTest
    @EnumSource
    void shouldUndoPins(Failure failure) {
        sweep(
                failure,
                () -> {
                    World world = new World().emulated().map(0x10000, 0, 9);
                    world.pin(0x12000, 1);
                    return world;
                },
                world -> world.pin(0x11000, 5));
        assertThat(met).containsExactlyInAnyOrder("pin", "charge");
    }

    @ParameterizedTest
    @EnumSource
    void shouldLeaveAnEntryInvalidWhenItsNewOwnerCannotBeCharged(Failure failure) {
        sweep(
                failure,
                () -> {
                    World world = twoDomains();
                    MemorySegment pages = world.rig.caller.pages(4);
                    world.rig.map(RW, pages, 0x10000);
                    world.rig.unmap(Rig.UNMAP_VADDR, 0x10000, 4 * PAGE);
                    return world;
                },
                world -> world.rig.container.mapDma(world.user, Rig.VADDR, USER, 0x10000, 4 * PAGE));
        assertThat(met).containsExactly("charge");
    }

    /** A bitmap cannot have more than 2^31-1 bits: whichever entry is too large for one, none keeps its own. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void shouldKeepTrackingOffWhenAnyBitmapCannotBeMade(int huge) {
        World world = new World().emulated();
        for (int i = 0; i < 4; i++) {
            long size = i == huge ? 1L << 43 : PAGE;
            world.rig.container.mapDma(world.user, RW, USER, (long) i << 44, size);
        }
        RawCall raw = new RawCall(world.rig);
        assertRefused(Errno.EINVAL, raw::start);
        assertRefused(Errno.EINVAL, () -> raw.getBitmap((huge + 1L & 3) << 44, PAGE, PAGE, 8, raw.argument.address()));
        world.rig.unmap((long) huge << 44, 1L << 43);
        raw.start();
        world.pin((huge + 1L & 3) << 44, 1);
    }

    /** Entries before a bitmap's page that is not there are reported and cleared, the others keep their bits. */
    @Test
    void shouldKeepTheBitsThatCouldNotBeCopied() {
        for (int failing = 0; failing < 3; failing++) {
            World world =
                    new World().emulated().map(0, 0, 1).map(64 * PAGE, 1, 1).map(128 * PAGE, 2, 1);
            RawOfUser raw = new RawOfUser(world);
            raw.dirty(1);
            for (int i = 0; i < 3; i++) {
                world.pin(64 * PAGE * i, 1);
                world.rig.container.unpinPages(64 * PAGE * i, 1);
            }
            // The argument is read in two pieces first.
            world.rig.faults.failAt(2 + failing, () -> new VfioException(Errno.EFAULT, "made to fail"));
            assertRefused(Errno.EFAULT, raw::getBitmap);
            world.rig.faults.count();
            raw.getBitmap();
            for (int i = 0; i < 3; i++) {
                assertThat(raw.word(i))
                        .as("word %s after write %s failed", i, failing)
                        .isEqualTo(i < failing ? 0 : 1);
            }
        }
    }

    @Test
    void shouldKeepTheEntriesWhoseBitsCouldNotBeCopied() {
        for (int failing = 0; failing < 3; failing++) {
            World world =
                    new World().emulated().map(0, 0, 1).map(64 * PAGE, 1, 1).map(128 * PAGE, 2, 1);
            RawOfUser raw = new RawOfUser(world);
            raw.dirty(1);
            world.rig.faults.failAt(2 + failing, () -> new VfioException(Errno.EFAULT, "made to fail"));
            assertRefused(Errno.EFAULT, raw::unmapWithBitmap);
            world.rig.faults.count();
            assertThat(world.rig.available()).isEqualTo(65535 - 3 + failing);
            assertThat(raw.unmapWithBitmap()).isEqualTo((3 - failing) * PAGE);
        }
    }

    @Test
    void shouldChangeNothingWhenInfoCannotBeCopied() {
        World world = twoDomains().map(0x10000, 0, 3);
        State before = world.state();
        RawOfUser raw = new RawOfUser(world);
        for (int failing = 0; failing < 3; failing++) {
            world.rig.faults.failAt(failing, () -> new VfioException(Errno.EFAULT, "made to fail"));
            assertRefused(Errno.EFAULT, raw::info);
        }
        world.rig.faults.count();
        raw.info();
        assertThat(world.rig.faults.steps()).as("copies of GET_INFO").isEqualTo(3);
        assertThat(world.state()).isEqualTo(before);
    }

    /** Raw calls with arguments in the user's memory, where copies can be made to fail. */
    private record RawOfUser(World world) {
        private static final long ARGUMENT = USER + 60 * PAGE;
        private static final long BITMAP = USER + 61 * PAGE;

        private long call(int command, int argsz, int flags, long... longs) {
            ByteBuffer bytes = ByteBuffer.allocate(8 + 8 * longs.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(argsz).putInt(flags);
            for (long value : longs) {
                bytes.putLong(value);
            }
            world.user.fill(ARGUMENT, bytes.array());
            return world.rig.container.ioctl(world.user, command, ARGUMENT);
        }

        void dirty(int flags) {
            call(RawCall.DIRTY, 8, flags);
        }

        void getBitmap() {
            world.user.fill(BITMAP, new byte[24]);
            call(RawCall.DIRTY, 48, 4, 0, 192 * PAGE, PAGE, 24, BITMAP);
        }

        long unmapWithBitmap() {
            call(RawCall.UNMAP, 48, 1, 0, 192 * PAGE, PAGE, 24, BITMAP);
            return world.user.longAt(ARGUMENT + 16);
        }

        void info() {
            call(RawCall.GET_INFO, 4096, 0);
        }

        long word(int index) {
            return world.user.longAt(BITMAP + 8L * index);
        }
    }
}
