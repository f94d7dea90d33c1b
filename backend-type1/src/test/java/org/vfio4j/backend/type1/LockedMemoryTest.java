// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** The limit on locked memory at its edges. Spec: type1 §9.4-9.5. */
class LockedMemoryTest {
    private static final long HUGE = 2L << 20;
    private static final long BASE_PAGES = HUGE / PAGE;

    private final Rig rig = Rig.v2();
    private final FakeGroup group = rig.attach(rig.group());

    @Test
    @Spec("T-082")
    void shouldCountAHugePageAsItsBasePages() {
        UserAreas user = new UserAreas(rig.physical);
        user.ram(HUGE, HUGE, RW);
        user.memlockLimit = HUGE - PAGE;
        assertRefused(Errno.ENOMEM, () -> rig.container.mapDma(user, RW, HUGE, 0, HUGE));
        assertThat(user.charged()).isZero();
        user.memlockLimit = HUGE - 1; // a page that is not whole does not count
        assertRefused(Errno.ENOMEM, () -> rig.container.mapDma(user, RW, HUGE, 0, HUGE));
        user.memlockLimit = HUGE;
        rig.container.mapDma(user, RW, HUGE, 0, HUGE);
        assertThat(user.charged()).isEqualTo(BASE_PAGES);
    }

    @Test
    @Spec("T-085")
    void shouldChargeTheSameMemoryForEachContainer() {
        IommuBackend other = new Type1Driver(rig).open(3);
        other.attachGroup(rig.group(), GroupKind.IOMMU);
        MemorySegment memory = rig.caller.pages(4);
        rig.caller.memlockLimit = 7 * PAGE;
        rig.map(RW, memory, 0);
        assertRefused(Errno.ENOMEM, () -> other.mapDma(rig.caller, RW, memory.address(), 0, 4 * PAGE));
        rig.caller.memlockLimit = 8 * PAGE;
        other.mapDma(rig.caller, RW, memory.address(), 0, 4 * PAGE);
        assertThat(rig.caller.locked()).isEqualTo(8);
        assertThat(rig.physical.pinnedPages()).isEqualTo(8);
        other.release();
        assertThat(rig.caller.locked()).isEqualTo(4);
        rig.unmap(0, 4 * PAGE);
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-086")
    void shouldReturnToTheChargeBeforeWhenMemoryRunsOutMidway() {
        rig.map(RW, rig.caller.pages(10), 0);
        MemorySegment scattered = rig.scatteredPages(16);
        rig.caller.memlockLimit = 20 * PAGE;
        assertRefused(Errno.ENOMEM, () -> rig.map(RW, scattered, 0x100000));
        assertThat(rig.caller.locked())
                .as("after the limit was met at the 11th page")
                .isEqualTo(10);
        assertThat(rig.physical.pinnedPages()).isEqualTo(10);
        rig.caller.memlockLimit = Long.MAX_VALUE;
        group.hardware.mapsUntilFailure = 9;
        assertRefused(Errno.ENOMEM, () -> rig.map(RW, scattered, 0x100000));
        assertThat(rig.caller.locked())
                .as("after tables ran out at the 10th page")
                .isEqualTo(10);
        assertThat(rig.physical.pinnedPages()).isEqualTo(10);
        assertThat(group.attached().pieces()).hasSize(1);
    }
}
