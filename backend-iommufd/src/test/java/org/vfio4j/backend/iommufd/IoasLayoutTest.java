// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.FIXED;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.R;
import static org.vfio4j.backend.iommufd.Rig.RW;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Addresses of an IOAS without hardware: nothing is pinned, only the layout counts. Spec: iommufd §5.2 to §5.7. */
class IoasLayoutTest {
    private static final long BOGUS = 0x10_0000;

    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    @Spec({"I-052", "I-054", "I-055", "I-056", "I-057", "I-058", "I-059"})
    void shouldCheckArgumentsInOrder() {
        assertThat(errnoOf(() -> map(99, 8, BOGUS, PAGE, 0))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> map(99, RW, BOGUS, PAGE, -1))).isEqualTo(Errno.EOVERFLOW);
        assertThat(errnoOf(() -> map(99, FIXED | RW, BOGUS, -1, 0))).isEqualTo(Errno.EOVERFLOW);
        assertThat(errnoOf(() -> map(99, FIXED, BOGUS, PAGE, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> map(99, FIXED | RW, BOGUS, 0, 0))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, 0, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, 0, -2, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, 2, -2, 0))).isEqualTo(Errno.EOVERFLOW);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, -PAGE, PAGE, 0))).isEqualTo(Errno.EOVERFLOW);
    }

    @Test
    @Spec({"I-060", "I-061", "I-062", "I-063"})
    void shouldTakeAnyPlaceOfAnyLengthWithoutHardware() {
        assertThat(map(ioas, FIXED | RW, BOGUS, PAGE, -PAGE)).isEqualTo(-PAGE);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, 2 * PAGE, -PAGE))).isEqualTo(Errno.EOVERFLOW);
        map(ioas, FIXED | RW, BOGUS + 1, 7, 0x1003);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, 1, 0x1009))).isEqualTo(Errno.EEXIST);
        map(ioas, FIXED | RW, BOGUS, 1, 0x100a);
        int other = rig.ioas();
        map(other, FIXED | RW, 0, 1L << 63, 0);
        assertThat(errnoOf(() -> map(other, RW, 0, 1L << 63, 0))).isEqualTo(Errno.EOVERFLOW);
    }

    @Test
    @Spec("I-068")
    void shouldRefuseOverlapOnEverySide() {
        map(ioas, FIXED | RW, BOGUS, 4 * PAGE, 0x1_0000);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, PAGE, 0x1_0000))).isEqualTo(Errno.EEXIST);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, PAGE, 0x1_1000))).isEqualTo(Errno.EEXIST);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, 2 * PAGE, 0xf000)))
                .isEqualTo(Errno.EEXIST);
        assertThat(errnoOf(() -> map(ioas, FIXED | RW, BOGUS, 8 * PAGE, 0xf000)))
                .isEqualTo(Errno.EEXIST);
        map(ioas, FIXED | RW, BOGUS, PAGE, 0xf000);
        map(ioas, FIXED | RW, BOGUS, PAGE, 0x1_4000);
    }

    @Test
    @Spec({"I-079", "I-080", "I-081", "I-082", "I-088"})
    void shouldChooseTheLowestPlaceThatKeepsTheSourceAlignment() {
        assertThat(map(ioas, RW, 0x7f00_0020_0000L, 3 * PAGE, 0)).isEqualTo(0x4000);
        assertThat(map(ioas, RW, BOGUS, PAGE, 0)).isEqualTo(0x1000);
        assertThat(map(ioas, RW, BOGUS + 0x800, 0x800, 0)).isEqualTo(0x2800);
        assertThat(map(ioas, RW, 0, 5L << 20, 0) % (2L << 20)).isZero();
        rig.context.unmap(ioas, 0x1000, PAGE);
        assertThat(map(ioas, RW, BOGUS, PAGE, 0)).as("lowest fitting gap").isEqualTo(0x1000);
        int other = rig.ioas();
        assertThat(map(other, RW, BOGUS + 0x800, 0x800, 0)).isEqualTo(0x1800);
    }

    @Test
    @Spec({"I-046", "I-047", "I-049", "I-050"})
    void shouldChooseWithinTheAllowedList() {
        IoPageTable engine = rig.ioas(ioas).engine();
        engine.allow(List.of(new DmaLimits.Range(0x5000, 0x5fff), new DmaLimits.Range(0x6000, 0x7fff)));
        assertThat(map(ioas, RW, BOGUS, 2 * PAGE, 0)).as("aligned to its size").isEqualTo(0x6000);
        assertThat(errnoOf(() -> map(ioas, RW, BOGUS, 2 * PAGE, 0))).isEqualTo(Errno.ENOSPC);
        assertThat(map(ioas, FIXED | RW, BOGUS, PAGE, 0x9000))
                .as("fixed ignores the list")
                .isEqualTo(0x9000);
        var owner = new Ioas(rig.context);
        assertThat(errnoOf(() -> engine.space.reserve(0x5800, 0x5900, owner))).isEqualTo(Errno.EADDRINUSE);
        engine.allow(List.of());
        engine.space.reserve(0x5800, 0x5900, owner);
        assertThat(errnoOf(() -> engine.allow(List.of(new DmaLimits.Range(0x5900, 0x6000)))))
                .isEqualTo(Errno.EADDRINUSE);
        assertThat(map(ioas, RW, BOGUS, PAGE, 0)).isEqualTo(0x1000);
        engine.space.unreserve(owner);
    }

    @Test
    @Spec({"I-037", "I-038", "I-039", "I-042"})
    void shouldMergeReservedRangesOfSeveralOwners() {
        IoPageTable engine = rig.ioas(ioas).engine();
        var first = new Ioas(rig.context);
        var second = new Ioas(rig.context);
        map(ioas, FIXED | RW, BOGUS, PAGE, 0x9000);
        engine.space.reserve(0x1000, 0x1fff, first);
        assertThat(engine.usable().ranges())
                .containsExactly(new DmaLimits.Range(0, 0xfff), new DmaLimits.Range(0x2000, -1));
        engine.space.reserve(0x1800, 0x3fff, second);
        assertThat(engine.usable().ranges())
                .containsExactly(new DmaLimits.Range(0, 0xfff), new DmaLimits.Range(0x4000, -1));
        engine.space.unreserve(second);
        assertThat(engine.usable().ranges())
                .containsExactly(new DmaLimits.Range(0, 0xfff), new DmaLimits.Range(0x2000, -1));
    }

    @Test
    @Spec({"I-083", "I-084", "I-085", "I-086"})
    void shouldNeverChooseTheOuterPagesNorALastByte() {
        IoPageTable engine = rig.ioas(ioas).engine();
        var owner = new Ioas(rig.context);
        engine.space.reserve(PAGE, -1L - PAGE, owner);
        assertThat(errnoOf(() -> map(ioas, RW, BOGUS, PAGE, 0))).isEqualTo(Errno.ENOSPC);
        engine.space.unreserve(owner);
        engine.space.reserve(PAGE, 0x4fff, owner);
        engine.space.reserve(0x6000, -1, owner);
        assertThat(map(ioas, RW, BOGUS, PAGE, 0)).as("hole exactly as large").isEqualTo(0x5000);
        engine.space.unreserve(owner);

        int other = rig.ioas();
        engine = rig.ioas(other).engine();
        engine.space.reserve(PAGE, 0x5ffe, owner);
        engine.space.reserve(0x6000, -1, owner);
        assertThat(errnoOf(() -> map(other, RW, BOGUS + 0xfff, 1, 0)))
                .as("a hole of one byte")
                .isEqualTo(Errno.ENOSPC);
    }

    @Test
    @Spec({"I-114", "I-115", "I-116", "I-118", "I-119", "I-120"})
    void shouldUnmapWholeAreasOnly() {
        assertThat(rig.context.unmap(ioas, 0, -1)).as("everything of nothing").isZero();
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0x1000, PAGE))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 1, -1))).isEqualTo(Errno.EOVERFLOW);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0x1000, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, -PAGE, 2 * PAGE))).isEqualTo(Errno.EOVERFLOW);
        for (long iova : new long[] {0x1_0000, 0x1_2000, 0x1_3000, 0x2_0000}) {
            rig.mapBogus(ioas, iova, PAGE);
        }
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0x1_0800, 8))).isEqualTo(Errno.ENOENT);
        assertThat(rig.context.unmap(ioas, 0xf000, 0x1_2000)).isEqualTo(4 * PAGE);
        assertThat(rig.ioas(ioas).engine().space.areas.isEmpty()).isTrue();
    }

    @Test
    @Spec("I-117")
    void shouldNotBeAtomic() {
        rig.mapBogus(ioas, 0x1_0000, PAGE);
        rig.mapBogus(ioas, 0x1_2000, 2 * PAGE);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0x1_0000, 3 * PAGE))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0x1_0000, PAGE)))
                .as("first area is gone")
                .isEqualTo(Errno.ENOENT);
        assertThat(rig.context.unmap(ioas, 0x1_2000, 2 * PAGE)).isEqualTo(2 * PAGE);
    }

    @Test
    void shouldKeepAreasAtTheTopOfTheAddressSpace() {
        rig.mapBogus(ioas, -PAGE, PAGE);
        rig.mapBogus(ioas, -2 * PAGE, PAGE);
        assertThat(rig.context.unmap(ioas, -2 * PAGE, 2 * PAGE - 1 + 1)).isEqualTo(2 * PAGE);
    }

    @Test
    @Spec({"I-023", "I-033"})
    void shouldDestroyAnIoasWithAreas() {
        rig.mapBogus(ioas, 0x1000, PAGE);
        try (Rig stranger = new Rig()) {
            assertThat(errnoOf(() -> stranger.context.destroy(ioas))).isEqualTo(Errno.ENOENT);
        }
        rig.context.destroy(ioas);
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0, -1))).isEqualTo(Errno.ENOENT);
    }

    @Test
    @Spec({"I-103", "I-104", "I-105", "I-106", "I-101"})
    void shouldCopySlices() {
        map(ioas, FIXED | R, BOGUS, PAGE, 0x1000);
        map(ioas, FIXED | RW, BOGUS, PAGE, 0x2000);
        map(ioas, FIXED | RW, BOGUS, PAGE, 0x4000);
        Ioas source = rig.ioas(ioas);
        int target = rig.ioas();
        assertThat(errnoOf(() -> source.slices(0x1000, 0, 1))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> source.slices(0x2800, PAGE, 1))).isEqualTo(Errno.ENOENT);
        List<Area> slices = source.slices(0x1801, PAGE, 1);
        assertThat(slices).hasSize(2);
        rig.ioas(target).mapSlices(slices, PAGE, true, 0x7001);
        assertThat(rig.ioas(target).engine().space.areas.size()).isEqualTo(2);
        assertThat(rig.context.unmap(target, 0x7001, 0x7ff))
                .as("rest of the first page")
                .isEqualTo(0x7ff);
        assertThat(errnoOf(() -> rig.ioas(target).mapSlices(source.slices(0x1000, PAGE, 2), PAGE, true, 0x1_0000)))
                .isEqualTo(Errno.EPERM);
    }

    private long map(int ioas, int flags, long vaddr, long length, long iova) {
        return rig.context.map(rig.caller, ioas, flags, vaddr, length, iova);
    }
}
