// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** TCE_GET_INFO. */
class InfoTest {
    private static final long FILLER = 0x5555_5555_5555_5555L;

    private final Rig rig = Rig.v2();
    private final RawCall raw = rig.raw().longs(0, FILLER, FILLER, FILLER, FILLER);

    @Test
    @Spec("S-008")
    void shouldNeedAGroup() {
        assertRefused(Errno.ENXIO, () -> raw.callWithBadPointer(RawCall.GET_INFO));
    }

    @Test
    @Spec("S-009")
    void shouldWriteAsMuchAsThereIsRoomFor() {
        rig.attach();
        assertRefused(Errno.EINVAL, () -> raw.ints(0, 15).call(RawCall.GET_INFO));
        for (int argsz : new int[] {16, 31}) {
            raw.ints(0, argsz).call(RawCall.GET_INFO);
            assertThat(raw.intAt(0)).isEqualTo(argsz);
            assertThat(raw.intAt(4)).isEqualTo(1);
            assertThat(raw.longAt(16)).as("beyond the first 16 bytes").isEqualTo(FILLER);
            assertThat(raw.longAt(24)).isEqualTo(FILLER);
        }
        raw.ints(0, 32).call(RawCall.GET_INFO);
        assertThat(raw.intAt(0)).isEqualTo(32);
        assertThat(raw.longAt(16)).isEqualTo(0x1011000L);
    }

    @Test
    @Spec("S-010")
    void shouldHaveNoDynamicWindowsInVersion1() {
        Rig v1 = Rig.v1();
        v1.attach();
        RawCall call = v1.raw().longs(0, FILLER, FILLER, FILLER, FILLER).ints(0, 32);
        assertThat(call.call(RawCall.GET_INFO)).isZero();
        assertThat(call.intAt(4)).isZero();
        assertThat(call.intAt(12)).isEqualTo(0x8000_0000);
        assertThat(call.longAt(16)).isZero();
        assertThat(call.longAt(24)).isZero();
    }

    @Test
    @Spec("S-011")
    void shouldTellThePlatformsWindows() {
        rig.attach();
        assertThat(raw.ints(0, 32).call(RawCall.GET_INFO)).isZero();
        assertThat(raw.intAt(4)).as("flags").isEqualTo(1);
        assertThat(raw.intAt(8)).as("start").isZero();
        assertThat(raw.intAt(12)).as("size").isEqualTo(0x8000_0000);
        assertThat(raw.longAt(16)).as("page sizes").isEqualTo(0x1011000L);
        assertThat(raw.intAt(24)).as("windows").isEqualTo(2);
        assertThat(raw.intAt(28)).as("levels").isEqualTo(5);
    }

    @Test
    @Spec("S-012")
    void shouldRefuseAnUnreadableArgument() {
        rig.attach();
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.GET_INFO));
    }

    @Test
    void shouldTellLimitsBeforeAndAfterWindowsAreMade() {
        rig.attach();
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x1000);
        assertThat(rig.container.limits().ranges()).containsExactly(new Range(0, 0x7fff_ffffL));
        rig.container.createWindow(rig.caller, 16, Rig.TIB, 2);
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x11000);
        assertThat(rig.container.limits().ranges())
                .containsExactly(new Range(0, 0x7fff_ffffL), new Range(Rig.SLOT_1, Rig.SLOT_1 + Rig.TIB - 1));
    }
}
