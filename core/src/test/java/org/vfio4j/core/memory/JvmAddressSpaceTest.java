// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class JvmAddressSpaceTest {
    private static final int PAGE = 4096;

    private final FrameTable physical = new FrameTable();
    private final JvmAddressSpace space = new JvmAddressSpace(physical);
    private final Arena arena = Arena.ofShared();

    @TempDir
    Path folder;

    private record Run(long phys, long length) {}

    private List<Run> pin(long vaddr, long length, boolean write) {
        List<Run> runs = new ArrayList<>();
        space.pin(vaddr, length, write, (phys, bytes) -> runs.add(new Run(phys, bytes)));
        return runs;
    }

    private void unpin(List<Run> runs) {
        runs.forEach(run -> physical.unpin(run.phys, run.length, false));
    }

    private static void assertErrno(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private void assertPinFaults(long vaddr, long length, boolean write) {
        List<Run> runs = new ArrayList<>();
        long before = physical.pinnedPages();
        assertErrno(
                Errno.EFAULT, () -> space.pin(vaddr, length, write, (phys, bytes) -> runs.add(new Run(phys, bytes))));
        assertThat(runs).as("runs reported by a failed pin").isEmpty();
        assertThat(physical.pinnedPages()).as("pages pinned after a failed pin").isEqualTo(before);
    }

    private static byte byteAt(MemorySegment segment, long offset) {
        return segment.get(ValueLayout.JAVA_BYTE, offset);
    }

    @AfterEach
    void closeAll() {
        space.close();
        arena.close();
    }

    @Test
    void shouldAllocateZeroedPageAlignedMemory() {
        MemorySegment memory = space.allocate(5000);
        assertThat(memory.address() % PAGE).isZero();
        assertThat(memory.byteSize()).isEqualTo(5000);
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        assertThat(space.allocate(2 << 20).address() % (2 << 20))
                .as("large memory suits large pages")
                .isZero();
    }

    @Test
    void shouldRefuseImpossibleSizes() {
        assertErrno(Errno.EINVAL, () -> space.allocate(0));
        assertErrno(Errno.EINVAL, () -> space.allocate(-1));
        assertErrno(Errno.ENOMEM, () -> space.allocate((1L << 39) + 1));
        assertErrno(Errno.ENOMEM, () -> space.allocate(1L << 39));
    }

    @Test
    void shouldPinAllocationAsOneRunOfTheSamePlaceInThePage() {
        MemorySegment memory = space.allocate(5000);
        List<Run> runs = pin(memory.address() + 10, 8000, true);
        assertThat(runs).hasSize(1);
        assertThat(runs.getFirst().length).isEqualTo(8000);
        assertThat(runs.getFirst().phys & ((1 << 30) - 1)).isEqualTo((memory.address() + 10) & ((1 << 30) - 1));
        assertThat(physical.pinnedPages()).isEqualTo(2);
        memory.set(ValueLayout.JAVA_BYTE, 12, (byte) 42);
        MemorySegment read = MemorySegment.ofArray(new byte[1]);
        assertThat(physical.read(runs.getFirst().phys + 2, read, 0, 1)).isTrue();
        assertThat(byteAt(read, 0)).isEqualTo((byte) 42);
        unpin(runs);
        assertThat(physical.pinnedPages()).isZero();
    }

    @Test
    void shouldFaultForAddressesThatAreNotKnown() {
        MemorySegment memory = space.allocate(PAGE);
        MemorySegment unknown = arena.allocate(PAGE, PAGE);
        assertPinFaults(unknown.address(), 1, false);
        assertPinFaults(0, PAGE, false);
        assertPinFaults(-1, 1, false);
        assertPinFaults(Long.MAX_VALUE, Long.MAX_VALUE, false);
        assertPinFaults(memory.address() - 1, 2, false);
        assertPinFaults(memory.address(), PAGE + 1, false);
        assertPinFaults(memory.address(), 0, false);
        MemorySegment buffer = MemorySegment.ofArray(new byte[2]);
        assertErrno(Errno.EFAULT, () -> space.read(unknown.address(), buffer, 0, 1));
        assertErrno(Errno.EFAULT, () -> space.write(0, buffer, 0, 1));
        assertErrno(Errno.EFAULT, () -> space.read(-1, buffer, 0, 2));
    }

    @Test
    void shouldPinAcrossAdjacentSegmentsOneRunEach() {
        MemorySegment pages = arena.allocate(3 * PAGE, PAGE);
        for (int i = 0; i < 3; i++) {
            space.register(pages.asSlice((long) i * PAGE, PAGE));
        }
        List<Run> runs = pin(pages.address() + PAGE / 2, 2 * PAGE, true);
        assertThat(runs).extracting(Run::length).containsExactly(2048L, 4096L, 2048L);
        unpin(runs);
        space.unregister(pages.asSlice(PAGE, PAGE));
        assertPinFaults(pages.address() + PAGE / 2, 2 * PAGE, true);
        assertThat(pin(pages.address(), PAGE, true))
                .as("the first page is still there")
                .hasSize(1);
    }

    @Test
    void shouldFaultForTheRestOfAPageThatIsNotRegistered() {
        MemorySegment page = arena.allocate(PAGE, PAGE);
        space.register(page.asSlice(0, 100));
        assertPinFaults(page.address(), PAGE, false);
        List<Run> runs = pin(page.address(), 100, true);
        assertThat(runs).extracting(Run::length).containsExactly(100L);
        unpin(runs);
    }

    @Test
    void shouldCopyAcrossSegmentsAllOrNothing() {
        MemorySegment pages = arena.allocate(2 * PAGE, PAGE);
        space.register(pages.asSlice(0, PAGE));
        space.register(pages.asSlice(PAGE, PAGE));
        MemorySegment source = MemorySegment.ofArray(new byte[] {9, 1, 2, 3, 4});
        space.write(pages.address() + PAGE - 2, source, 1, 4);
        assertThat(pages.asSlice(PAGE - 2, 4).toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4);
        MemorySegment target = MemorySegment.ofArray(new byte[6]);
        space.read(pages.address() + PAGE - 2, target, 2, 4);
        assertThat(target.toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 0, 1, 2, 3, 4);
        space.unregister(pages.asSlice(PAGE, PAGE));
        assertErrno(Errno.EFAULT, () -> space.write(pages.address() + PAGE - 2, source, 0, 4));
        assertThat(byteAt(pages, PAGE - 2)).as("nothing is copied").isEqualTo((byte) 1);
    }

    @Test
    void shouldCopyNothingForLengthZeroWhereverItPoints() {
        space.read(0, MemorySegment.ofArray(new byte[0]), 0, 0);
        space.write(-5, MemorySegment.ofArray(new byte[0]), 0, 0);
    }

    @Test
    void shouldRefuseWritesToProtectedMemoryAndPinsForWriting() {
        MemorySegment memory = space.allocate(3 * PAGE);
        MemorySegment middle = memory.asSlice(PAGE, PAGE);
        List<Run> before = pin(memory.address(), 3 * PAGE, true);
        space.protect(middle, Protection.READ);
        assertPinFaults(memory.address(), 3 * PAGE, true);
        assertErrno(Errno.EFAULT, () -> space.write(middle.address(), MemorySegment.ofArray(new byte[1]), 0, 1));
        space.read(middle.address(), MemorySegment.ofArray(new byte[1]), 0, 1);
        List<Run> reading = pin(memory.address(), 3 * PAGE, false);
        assertThat(reading).as("protection does not split the run").hasSize(1);
        assertThat(physical.write(before.getFirst().phys + PAGE, MemorySegment.ofArray(new byte[] {1}), 0, 1))
                .as("a device it was pinned for before still writes")
                .isTrue();
        unpin(before);
        unpin(reading);
        space.protect(memory, Protection.READ | Protection.WRITE);
        unpin(pin(memory.address(), 3 * PAGE, true));
        assertThat(physical.pinnedPages()).isZero();
    }

    @Test
    void shouldPinReadOnlySegmentsForReadingOnly() {
        MemorySegment page = arena.allocate(PAGE, PAGE).asReadOnly();
        space.register(page);
        unpin(pin(page.address(), PAGE, false));
        assertPinFaults(page.address(), PAGE, true);
        assertErrno(Errno.EACCES, () -> space.protect(page, Protection.READ | Protection.WRITE));
    }

    @Test
    void shouldFreeNativeMemoryOnlyWhenTheLastPinIsGone() {
        MemorySegment memory = space.allocate(2 * PAGE);
        List<Run> runs = pin(memory.address(), 2 * PAGE, true);
        space.free(memory);
        assertPinFaults(memory.address(), PAGE, false);
        assertErrno(Errno.EFAULT, () -> space.read(memory.address(), MemorySegment.ofArray(new byte[1]), 0, 1));
        assertThat(physical.write(runs.getFirst().phys, MemorySegment.ofArray(new byte[] {5}), 0, 1))
                .as("the device's access")
                .isTrue();
        assertThat(byteAt(memory, 0)).isEqualTo((byte) 5);
        unpin(runs);
        assertThat(memory.scope().isAlive()).as("freed with the last pin").isFalse();
    }

    @Test
    void shouldFreeMemoryAtOnceWhenNothingIsPinned() {
        MemorySegment memory = space.allocate(PAGE);
        space.free(memory);
        assertThat(memory.scope().isAlive()).isFalse();
        assertErrno(Errno.EINVAL, () -> space.free(memory));
    }

    @Test
    void shouldLeaveAHoleWhenASliceIsFreed() {
        MemorySegment memory = space.allocate(3 * PAGE);
        space.free(memory.asSlice(PAGE, 1));
        assertPinFaults(memory.address(), 3 * PAGE, false);
        unpin(pin(memory.address(), PAGE, true));
        unpin(pin(memory.address() + 2 * PAGE, PAGE, true));
        assertErrno(Errno.EINVAL, () -> space.free(memory));
        assertErrno(Errno.EINVAL, () -> space.protect(memory, Protection.READ));
        assertErrno(Errno.EINVAL, () -> space.free(memory.asSlice(1, PAGE)));
        space.free(memory.asSlice(0, PAGE));
        assertThat(memory.scope().isAlive()).isTrue();
        space.free(memory.asSlice(2 * PAGE, PAGE));
        assertThat(memory.scope().isAlive()).as("freed with its last page").isFalse();
    }

    @Test
    void shouldFaultOnceARegisteredArenaIsClosed() {
        long address;
        List<Run> runs;
        try (Arena own = Arena.ofShared()) {
            MemorySegment page = own.allocate(PAGE, PAGE);
            space.register(page);
            address = page.address();
            runs = pin(address, PAGE, true);
        }
        assertPinFaults(address, PAGE, false);
        assertErrno(Errno.EFAULT, () -> space.read(address, MemorySegment.ofArray(new byte[1]), 0, 1));
        assertErrno(Errno.EFAULT, () -> space.write(address, MemorySegment.ofArray(new byte[1]), 0, 1));
        assertThat(physical.read(runs.getFirst().phys, MemorySegment.ofArray(new byte[1]), 0, 1))
                .as("the device's access")
                .isFalse();
        unpin(runs);
    }

    @Test
    void shouldForgetDeadSegmentsWhoseAddressesAreGivenOutAgain() {
        for (int attempt = 0; attempt < 1000; attempt++) {
            long address;
            try (Arena first = Arena.ofShared()) {
                MemorySegment dead = first.allocate(PAGE, PAGE);
                space.register(dead);
                address = dead.address();
            }
            try (Arena second = Arena.ofShared()) {
                MemorySegment next = second.allocate(PAGE, PAGE);
                if (next.address() == address) {
                    space.register(next);
                    unpin(pin(address, PAGE, true));
                    return;
                }
            }
        }
        Assumptions.abort("the allocator never gave an address out again");
    }

    @Test
    void shouldRefuseToRegisterWhatIsKnown() {
        MemorySegment memory = space.allocate(PAGE);
        assertErrno(Errno.EEXIST, () -> space.register(memory));
        assertErrno(Errno.EINVAL, () -> space.unregister(memory));
        MemorySegment page = arena.allocate(PAGE, PAGE);
        space.register(page);
        assertErrno(Errno.EINVAL, () -> space.free(page));
        space.unregister(page);
        assertErrno(Errno.EINVAL, () -> space.unregister(page));
        space.register(page);
    }

    @Test
    void shouldFaultForPagesOfATruncatedFile() throws IOException {
        try (var file = FileChannel.open(
                folder.resolve("memory"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, 3 * PAGE, arena);
            space.register(mapped);
            List<Run> runs = pin(mapped.address(), 3 * PAGE, true);
            file.truncate(PAGE);
            MemorySegment buffer = MemorySegment.ofArray(new byte[16]);
            assertThat(physical.read(runs.getFirst().phys + PAGE, buffer, 0, 16))
                    .isFalse();
            assertThat(physical.write(runs.getFirst().phys + PAGE, buffer, 0, 16))
                    .isFalse();
            assertThat(physical.read(runs.getFirst().phys, buffer, 0, 16)).isTrue();
            assertPinFaults(mapped.address(), 3 * PAGE, false);
            assertErrno(Errno.EFAULT, () -> space.read(mapped.address() + PAGE, buffer, 0, 16));
            unpin(runs);
        }
    }

    @Test
    void shouldFaultEverywhereOnceClosedButKeepPins() {
        MemorySegment memory = space.allocate(PAGE);
        MemorySegment registered = arena.allocate(PAGE, PAGE);
        space.register(registered);
        List<Run> runs = pin(memory.address(), PAGE, true);
        assertThat(space.alive()).isTrue();
        space.close();
        assertThat(space.alive()).isFalse();
        assertPinFaults(memory.address(), PAGE, false);
        assertPinFaults(registered.address(), PAGE, false);
        assertErrno(Errno.ESRCH, () -> space.allocate(PAGE));
        assertErrno(Errno.ESRCH, () -> space.register(registered));
        space.free(memory);
        assertThat(memory.scope().isAlive()).isTrue();
        unpin(runs);
        assertThat(memory.scope().isAlive()).isFalse();
        assertThat(registered.scope().isAlive())
                .as("registered memory is its arena's")
                .isTrue();
        space.close();
    }

    @Test
    void shouldKnowWhichRangesAUserCanHave() {
        assertThat(space.isUserRange(0, 0)).isTrue();
        assertThat(space.isUserRange(0, PAGE)).isTrue();
        assertThat(space.isUserRange(arena.allocate(1).address(), 1)).isTrue();
        assertThat(space.isUserRange(-1, 1)).isFalse();
        assertThat(space.isUserRange(0, -1)).isFalse();
        assertThat(space.isUserRange(1L << 47, 1L << 48)).isFalse();
        assertThat(space.isUserRange(PAGE, Long.MAX_VALUE)).isFalse();
    }

    @Test
    void shouldHaveACounterOfItsOwn() {
        assertThat(space.lockedMemory().tryCharge(5, 10)).isTrue();
        assertThat(new JvmAddressSpace(physical).lockedMemory().pages()).isZero();
        assertThat(space.backingPageSize(0)).isEqualTo(PAGE);
    }

    @Test
    void shouldHold65000Segments() {
        int count = 65_000;
        MemorySegment all = arena.allocate(count * 64L, PAGE);
        for (int i = 0; i < count; i++) {
            space.register(all.asSlice(i * 64L, 64));
        }
        for (int i = 0; i < count; i++) {
            List<Run> runs = pin(all.address() + i * 64L, 64, true);
            assertThat(runs).as("segment %d", i).hasSize(1);
            unpin(runs);
        }
        assertThat(pin(all.address(), count * 64L, true)).hasSize(count);
        assertThat(physical.pinnedPages()).isEqualTo(count);
    }
}
