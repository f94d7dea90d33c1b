// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.DmaMapping;
import org.vfio4j.DmaSpace;
import org.vfio4j.OpenOptions;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What holds for every backend, however its address space is reached: mapped memory is reached and nothing else, pins are
 * given back, refusals change nothing. Extend {@link ContainerBackendContract} or {@link IommufdBackendContract}.
 */
public abstract class BackendContract extends MachineContract {
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;
    private static final int MANY = 200;
    private static final int THREADS = 4;

    /** For subclasses. */
    protected BackendContract() {}

    /** Name of the backend, as its provider says. */
    protected abstract String backend();

    /** Name of a device that has a VFIO driver and that the backend can serve; best one a DeviceExercise drives. */
    protected abstract String device();

    /** How the device is opened. */
    protected abstract OpenOptions openOptions();

    /**
     * Whether the backend keeps mappings as wholes: mapping over one and unmapping nothing are refused then. SPAPR's tables keep
     * entries only, which are exchanged and cleared without a word.
     */
    protected boolean keepsMappings() {
        return true;
    }

    private Device open() {
        return vfio().open(device(), openOptions());
    }

    private long page(DmaSpace dma) {
        return Math.max(4096, Long.lowestOneBit(dma.limits().pageSizes()));
    }

    @Test
    void shouldAnswerForItsSpaces() {
        try (var device = open()) {
            assertThat(device.dma().backend()).isEqualTo(backend());
            assertThat(device.dma().limits().pageSizes())
                    .as("usable page sizes")
                    .isNotZero();
            assertThat(device.dma().limits().ranges())
                    .as("usable ranges are sorted and not reversed")
                    .allSatisfy(range -> assertThat(Long.compareUnsigned(range.start(), range.last()))
                            .isLessThanOrEqualTo(0))
                    .isSortedAccordingTo((left, right) -> Long.compareUnsigned(left.start(), right.start()));
        }
    }

    @Test
    void shouldLetTheDeviceMoveMappedData() throws InterruptedException {
        try (var buffer = vfio().allocate(4 * 65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            long iova = mover.iova(device.dma(), buffer.size());
            try (var mapping = device.dma().map(iova, buffer, 0, buffer.size(), READ_WRITE)) {
                assertThat(mapping.iova()).isEqualTo(iova);
                assertThat(mapping.length()).isEqualTo(buffer.size());
                long far = buffer.size() - mover.most();
                mover.assertCopies(
                        iova,
                        buffer.segment().asSlice(0, mover.most()),
                        iova + far,
                        buffer.segment().asSlice(far));
            }
        }
    }

    @Test
    void shouldRefuseDmaToWhatWasNeverMapped() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            mover.assertRefused(mover.iova(device.dma(), 65536), 64, buffer.segment());
        }
    }

    @Test
    void shouldRefuseDmaOnceUnmapped() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            var before = vfio().pinnedPages();
            long iova = mover.iova(device.dma(), 65536);
            try (var mapping = device.dma().map(iova, buffer, 0, 65536, READ_WRITE)) {
                assertThat(mover.reads(mapping.iova(), 64))
                        .as("read of mapped memory")
                        .isTrue();
            }
            assertThat(vfio().pinnedPages()).as("pages pinned after unmap").isEqualTo(before);
            mover.assertRefused(iova, 64, buffer.segment());
        }
    }

    @Test
    void shouldHonourReadOnlyMappings() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            long iova = mover.iova(device.dma(), 65536);
            try (var mapping = device.dma().map(iova, buffer, 0, 65536, Protection.READ)) {
                assertThat(mover.reads(mapping.iova(), 64))
                        .as("read of memory mapped for reading")
                        .isTrue();
                buffer.segment().fill((byte) 0x5a);
                assertThat(mover.writes(mapping.iova(), 64))
                        .as("write to memory mapped for reading")
                        .isFalse();
                assertThat(buffer.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x5a);
            }
        }
    }

    @Test
    void shouldNotMapOverALiveMapping() throws InterruptedException {
        try (var first = vfio().allocate(65536);
                var second = vfio().allocate(65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            Assumptions.assumeTrue(keepsMappings(), "the backend keeps entries, not mappings, and exchanges them");
            long iova = mover.iova(device.dma(), 65536);
            try (var mapping = device.dma().map(iova, first, 0, 65536, READ_WRITE)) {
                var pinned = vfio().pinnedPages();
                assertRefused(
                        "map over a live mapping",
                        Set.of(Errno.EEXIST, Errno.EADDRINUSE),
                        () -> device.dma().map(mapping.iova(), second, 0, 65536, READ_WRITE));
                assertThat(vfio().pinnedPages())
                        .as("pages pinned after the refusal")
                        .isEqualTo(pinned);
                mover.assertCopies(
                        iova,
                        first.segment().asSlice(0, 64),
                        iova + 32768,
                        first.segment().asSlice(32768, 64));
            }
        }
    }

    @Test
    void shouldRefuseMemoryThatIsNotThere() {
        Assumptions.assumeFalse(
                vfio().device(device()).emulated(), "an emulated device's memory is looked at when it accesses it");
        try (var device = open()) {
            var gone = vfio().allocate(65536);
            gone.close();
            var dma = device.dma();
            long iova = DataMover.iova(dma, 65536, Long.MAX_VALUE);
            assertRefused("map of freed memory", Errno.EFAULT, () -> dma.map(iova, gone, 0, 65536, READ_WRITE));
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusal")
                    .isZero();
        }
    }

    @Test
    void shouldRefuseWhatIsNoWholePages() {
        try (var buffer = vfio().allocate(65536);
                var device = open()) {
            var dma = device.dma();
            long iova = DataMover.iova(dma, 65536, Long.MAX_VALUE);
            long page = page(dma);
            assertRefused("map at half a page", Errno.EINVAL, () -> dma.map(iova + page / 2, buffer, 0, page, 3));
            assertRefused("map of half a page", Errno.EINVAL, () -> dma.map(iova, buffer, 0, page / 2, READ_WRITE));
            assertRefused("map of nothing", Errno.EINVAL, () -> dma.map(iova, buffer, 0, 0, READ_WRITE));
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusals")
                    .isZero();
        }
    }

    @Test
    void shouldRefuseMapsOutsideItsRanges() {
        try (var buffer = vfio().allocate(65536);
                var device = open()) {
            var dma = device.dma();
            var outside = outside(dma.limits().ranges());
            Assumptions.assumeFalse(outside.isEmpty(), "every address is usable");
            for (long iova : outside) {
                assertRefused(
                        "map at 0x" + Long.toHexString(iova) + ", outside "
                                + dma.limits().ranges(),
                        Set.of(Errno.EINVAL, Errno.EADDRINUSE, Errno.EOVERFLOW, Errno.ENOSPC, Errno.ENXIO),
                        () -> dma.map(iova, buffer, 0, page(dma), READ_WRITE));
            }
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusals")
                    .isZero();
        }
    }

    private static List<Long> outside(List<DmaLimits.Range> ranges) {
        var outside = new ArrayList<Long>();
        for (var range : ranges) {
            long next = range.last() + 1;
            if (next != 0 && ranges.stream().noneMatch(other -> other.start() == next)) {
                outside.add(next);
            }
        }
        return outside;
    }

    @Test
    void shouldMapAtTheEndsOfItsRanges() {
        try (var buffer = vfio().allocate(65536);
                var device = open()) {
            var dma = device.dma();
            for (var range : dma.limits().ranges()) {
                long page = page(dma);
                try (var first = dma.map(range.start(), buffer, 0, page, READ_WRITE);
                        var last = dma.map(range.last() - page + 1, buffer, 0, page, READ_WRITE)) {
                    assertThat(first.iova()).isEqualTo(range.start());
                    assertThat(last.iova() + last.length() - 1).isEqualTo(range.last());
                }
            }
        }
    }

    @Test
    void shouldNeverUnmapMoreThanAskedForAndSaySo() throws InterruptedException {
        try (var buffer = vfio().allocate(2 * 65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            var dma = device.dma();
            long iova = mover.iova(dma, 2 * 65536);
            dma.map(iova, buffer, 0, 2 * 65536, READ_WRITE);
            try {
                dma.unmap(iova, 65536);
            } catch (VfioException refusal) {
                assertThat(refusal.errno()).as(refusal.getMessage()).isIn(Errno.EINVAL, Errno.ENOENT);
                return; // it said so: what is left of the mapping is the caller's to look at
            }
            assertThat(mover.reads(iova + 65536, 64))
                    .as("read of the half that stays")
                    .isTrue();
            mover.assertRefused(iova, 64, buffer.segment().asSlice(0, 4096));
            dma.unmap(iova + 65536, 65536);
        }
    }

    @Test
    void shouldRefuseToUnmapWhatIsNotMapped() {
        try (var buffer = vfio().allocate(65536);
                var device = open()) {
            var dma = device.dma();
            var mapping = dma.map(DataMover.iova(dma, 65536, Long.MAX_VALUE), buffer, 0, 65536, READ_WRITE);
            mapping.close();
            mapping.close();
            Assumptions.assumeTrue(
                    keepsMappings(), "the backend keeps entries, not mappings, and clears what is there");
            assertRefused(
                    "unmap of nothing",
                    Set.of(Errno.EINVAL, Errno.ENOENT),
                    () -> dma.unmap(mapping.iova(), mapping.length()));
        }
    }

    @Test
    void shouldKeepNeighboursApart() throws InterruptedException {
        try (var left = vfio().allocate(65536);
                var right = vfio().allocate(65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            long iova = mover.iova(device.dma(), 2 * 65536);
            try (var first = device.dma().map(iova, left, 0, 65536, READ_WRITE)) {
                try (var second = device.dma().map(iova + 65536, right, 0, 65536, READ_WRITE)) {
                    mover.assertCopies(first.iova(), left.segment(), second.iova(), right.segment());
                }
                mover.assertRefused(iova + 65536, 64, right.segment().asSlice(0, 4096));
                mover.assertCopies(
                        iova,
                        left.segment().asSlice(0, 64),
                        iova + 4096,
                        left.segment().asSlice(4096, 64));
            }
        }
    }

    @Test
    void shouldReachNewMemoryAtAnOldAddress() throws InterruptedException {
        try (var buffer = vfio().allocate(2 * 65536);
                var device = open();
                var mover = DataMover.of(vfio(), device)) {
            long iova = mover.iova(device.dma(), 65536);
            for (var round = 0; round < 8; round++) {
                long offset = (round & 1) * 65536L;
                try (var mapping = device.dma().map(iova, buffer, offset, 65536, READ_WRITE)) {
                    var half = buffer.segment().asSlice(offset, 65536);
                    mover.assertCopies(
                            mapping.iova(), half.asSlice(0, 64), mapping.iova() + 4096, half.asSlice(4096, 64));
                }
            }
        }
    }

    @Test
    void shouldGiveEverythingBackWhenTheDeviceClosesWithLiveMappings() {
        try (var buffer = vfio().allocate(65536)) {
            try (var device = open()) {
                device.dma().map(buffer);
            }
            assertThat(vfio().pinnedPages()).as("pages pinned after close").isZero();
            try (var again = open()) {
                assertThat(again.dma().limits().ranges())
                        .as("ranges of a fresh space")
                        .isNotNull();
            }
        }
    }

    @Test
    void shouldFindRoomForManyMappingsAndForgetThemInAnyOrder() {
        try (var buffer = vfio().allocate(65536);
                var device = open()) {
            var mappings = new ArrayList<DmaMapping>();
            for (var i = 0; i < MANY; i++) {
                mappings.add(device.dma().map(buffer));
            }
            assertThat(mappings.stream().map(DmaMapping::iova)).as("addresses").doesNotHaveDuplicates();
            Collections.shuffle(mappings, new Random(7));
            mappings.forEach(DmaMapping::close);
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the last unmap")
                    .isZero();
        }
    }

    @Test
    void shouldMapAndUnmapFromSeveralThreads() throws Exception {
        try (var device = open();
                var threads = Executors.newFixedThreadPool(THREADS)) {
            var dma = device.dma();
            List<Callable<Integer>> work = IntStream.range(0, THREADS)
                    .<Callable<Integer>>mapToObj(thread -> () -> {
                        try (var buffer = vfio().allocate(65536)) {
                            for (var i = 0; i < MANY; i++) {
                                dma.map(buffer).close();
                            }
                        }
                        return MANY;
                    })
                    .toList();
            for (var result : threads.invokeAll(work)) {
                assertThat(result.get()).isEqualTo(MANY);
            }
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the last unmap")
                    .isZero();
        }
    }
}
