// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.DEFAULT_TABLE;
import static org.vfio4j.backend.spapr.Rig.HOST_PAGE;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.RW;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.iommu.TceConfig;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** The window that is made when it is first needed. */
class DefaultWindowTest {
    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();

    @Test
    @Spec("S-034")
    void shouldBeMadeByTheFirstMap() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertThat(group.tables().made).isEmpty();
        assertThat(rig.caller.locked()).isEqualTo(1);
        rig.map(memory, 0);
        assertThat(rig.caller.locked()).isEqualTo(1 + DEFAULT_TABLE);
        assertThat(group.tables().made).hasSize(1);
        assertThat(group.tables().table().startAddress()).isZero();
        assertThat(group.tables().table().pageShift()).isEqualTo(12);
        assertThat(group.tables().set[0]).isSameAs(group.tables().table());
        rig.map(memory, PAGE_64K);
        assertThat(group.tables().made).hasSize(1);
    }

    @Test
    @Spec("S-035")
    void shouldBeMadeByTheFirstUnmap() {
        rig.register(PAGE_64K);
        rig.unmap(0, PAGE_4K);
        assertThat(group.tables().made).hasSize(1);
        assertThat(rig.caller.locked()).isEqualTo(1 + DEFAULT_TABLE);
    }

    @Test
    @Spec("S-036")
    void shouldBeTriedAgainAfterTheChargeWasRefused() {
        MemorySegment memory = rig.register(PAGE_64K);
        rig.caller.memlockLimit = DEFAULT_TABLE * HOST_PAGE;
        assertRefused(Errno.ENOMEM, () -> rig.map(memory, 0));
        assertThat(rig.caller.locked()).isEqualTo(1);
        assertThat(group.tables().made).isEmpty();
        rig.caller.memlockLimit = (DEFAULT_TABLE + 1) * HOST_PAGE;
        rig.map(memory, 0);
        assertThat(rig.caller.locked()).isEqualTo(1 + DEFAULT_TABLE);
    }

    @Test
    @Spec("S-037")
    void shouldBeRefusedWhenItsSizeIsNoPowerOfTwo() {
        Rig odd = new Rig(true, TceConfig.defaults().withHostPageSize(HOST_PAGE).withTce32(0, 3L << 29));
        odd.attach();
        MemorySegment memory = odd.register(PAGE_64K);
        assertRefused(Errno.EINVAL, () -> odd.map(memory, 0));
        assertThat(odd.caller.locked()).isEqualTo(1);
    }

    @Test
    void shouldComeBeforeTheAddressIsLookedAt() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertRefused(Errno.ENXIO, () -> rig.map(RW, memory.address(), 1L << 40, PAGE_4K));
        assertThat(group.tables().made).hasSize(1);
    }
}
