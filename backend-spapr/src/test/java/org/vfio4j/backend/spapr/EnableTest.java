// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.DEFAULT_TABLE;
import static org.vfio4j.backend.spapr.Rig.HOST_PAGE;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.iommu.TceConfig;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Version 1's life cycle. */
class EnableTest {
    /** 2 GiB in pages of 64 KiB. */
    private static final long WORST_CASE = 32768;

    private final Rig rig = Rig.v1();
    private final TestGroup group = rig.attach();
    private final RawCall raw = rig.raw();
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-013")
    void shouldChargeTheWholeDefaultWindow() {
        assertThat(raw.call(RawCall.ENABLE)).isZero();
        assertThat(rig.caller.locked()).isEqualTo(WORST_CASE);
    }

    @Test
    @Spec("S-014")
    void shouldChargeOnce() {
        raw.call(RawCall.ENABLE);
        assertRefused(Errno.EBUSY, () -> raw.call(RawCall.ENABLE));
        assertThat(rig.caller.locked()).isEqualTo(WORST_CASE);
    }

    @Test
    @Spec("S-015")
    void shouldBeRefusedAboveTheLimitAndWorkOnceItIsRaised() {
        rig.caller.memlockLimit = WORST_CASE * HOST_PAGE - 1;
        assertRefused(Errno.ENOMEM, () -> raw.call(RawCall.ENABLE));
        assertThat(rig.caller.locked()).isZero();
        assertThat(raw.ints(0, 32).call(RawCall.GET_INFO)).isZero();
        rig.caller.memlockLimit = WORST_CASE * HOST_PAGE;
        assertThat(raw.call(RawCall.ENABLE)).isZero();
    }

    @Test
    @Spec("S-016")
    void shouldNeedA32BitWindow() {
        Rig without =
                new Rig(false, TceConfig.defaults().withHostPageSize(HOST_PAGE).withTce32(0, 0));
        without.attach();
        assertRefused(Errno.EPERM, () -> without.container.enable(without.caller));
    }

    @Test
    void shouldNeedAGroup() {
        Rig empty = Rig.v1();
        assertRefused(Errno.ENODEV, () -> empty.container.enable(empty.caller));
    }

    @Test
    @Spec("S-017")
    void shouldGiveTheChargeBackOnDisable() {
        assertThat(raw.call(RawCall.DISABLE)).isZero();
        raw.call(RawCall.ENABLE);
        assertThat(raw.call(RawCall.DISABLE)).isZero();
        assertThat(rig.caller.locked()).isZero();
        assertThat(raw.call(RawCall.DISABLE)).isZero();
        assertThat(rig.caller.locked()).isZero();
    }

    @Test
    @Spec("S-018")
    void shouldKeepMappingsWhileDisabled() {
        MemorySegment memory = rig.caller.memory(PAGE_64K);
        raw.call(RawCall.ENABLE);
        rig.map(memory, 0);
        raw.call(RawCall.DISABLE);
        assertThat(rig.caller.locked()).as("the table's charge stays").isEqualTo(DEFAULT_TABLE);
        assertRefused(Errno.EPERM, () -> rig.map(memory, 0));
        assertRefused(Errno.EPERM, () -> rig.unmap(0, PAGE_4K));
        raw.call(RawCall.ENABLE);
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
        rig.unmap(0, PAGE_64K);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    @Spec("S-021")
    void shouldRefuseMapBeforeEnableWhateverTheArgument() {
        assertRefused(Errno.EPERM, () -> raw.callWithBadPointer(RawCall.MAP));
        raw.call(RawCall.ENABLE);
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.MAP));
    }
}
