// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class AttachTest {
    private static final Range BELOW_MSI = new Range(0, 0xfedfffffL);
    private static final Range ABOVE_MSI = new Range(0xfef00000L, 0xffffffffffffL);

    private final Rig rig = Rig.v2();
    private final FakeGroup a = rig.group();
    private final FakeGroup b = rig.group();

    @Test
    @Spec("T-017")
    void shouldOfferTheApertureWithoutReservedRegions() {
        rig.attach(a);
        assertThat(rig.container.limits().ranges()).containsExactly(BELOW_MSI, ABOVE_MSI);
    }

    @Test
    @Spec("T-094")
    void shouldRefuseTheSameGroupTwice() {
        rig.attach(a);
        assertRefused(Errno.EINVAL, () -> rig.attach(a));
        assertRefused(Errno.EINVAL, () -> rig.container.attachGroup(a, GroupKind.EMULATED));
        assertThat(a.domains).hasSize(1);
    }

    @Test
    @Spec("T-096")
    void shouldShareOneDomainBetweenGroupsOfOneDriver() {
        rig.attach(a);
        rig.attach(b);
        assertThat(b.attached()).isSameAs(a.attached());
        assertThat(b.domain().isFreed()).isTrue();
        rig.map(RW, rig.caller.pages(1), 0);
        assertThat(a.attached().mapCalls()).isEqualTo(1);
    }

    @Test
    @Spec({"T-007", "T-097"})
    void shouldKeepGroupsOfDifferentCoherencyApart() {
        rig.attach(a);
        b.hardware.coherent = false;
        rig.attach(b);
        rig.map(RW, rig.caller.pages(1), 0);
        assertThat(a.attached().mapCalls()).isEqualTo(1);
        assertThat(b.attached().mapCalls()).isEqualTo(1);
        assertThat(rig.container.checkExtension(4)).isZero();
        rig.container.detachGroup(b);
        assertThat(rig.container.checkExtension(4)).isEqualTo(1);
    }

    @Test
    @Spec("T-098")
    void shouldOfferOnlyPageSizesThatAllDomainsHave() {
        rig.attach(a);
        b.hardware.driver = "other driver";
        b.hardware.pageSizes = 0x201000L;
        rig.attach(b);
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x201000L);
        rig.container.detachGroup(b);
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x40201000L);
    }

    @Test
    @Spec("T-099")
    void shouldReplayIntoADomainOfItsOwnWhenMergingIsRefused() {
        rig.attach(a);
        rig.map(RW, rig.scatteredPages(3), 0x5000);
        b.refusesForeignDomains = true;
        rig.attach(b);
        assertThat(b.attached()).isNotSameAs(a.attached());
        assertThat(b.attached().pieces()).isEqualTo(a.attached().pieces());
        assertThat(rig.caller.locked()).isEqualTo(3);
    }

    @Test
    @Spec("T-100")
    void shouldRefuseAnApertureThatAnEntryIsOutsideOf() {
        rig.attach(a);
        rig.map(RW, rig.caller.pages(1), 0x40000000L);
        DmaLimits before = rig.container.limits();
        b.hardware.apertureEnd = 0x3fffffffL;
        assertRefused(Errno.EINVAL, () -> rig.attach(b));
        assertUntouched(b, before);
        b.hardware.apertureStart = 0x40001000L;
        b.hardware.apertureEnd = 0xffffffffL;
        assertRefused(Errno.EINVAL, () -> rig.attach(b));
        assertUntouched(b, before);
    }

    @Test
    @Spec("T-101")
    void shouldClipRangesToANarrowerApertureAndWidenAgain() {
        rig.attach(a);
        b.hardware.driver = "other driver";
        b.hardware.apertureStart = 0x1000;
        b.hardware.apertureEnd = 0xffffffffL;
        rig.attach(b);
        assertThat(rig.container.limits().ranges())
                .containsExactly(new Range(0x1000, 0xfedfffffL), new Range(0xfef00000L, 0xffffffffL));
        rig.container.detachGroup(b);
        assertThat(rig.container.limits().ranges()).containsExactly(BELOW_MSI, ABOVE_MSI);
    }

    @Test
    @Spec("T-102")
    void shouldRefuseADisjointAperture() {
        rig.attach(a);
        DmaLimits before = rig.container.limits();
        b.hardware.apertureStart = 1L << 50;
        b.hardware.apertureEnd = 1L << 51;
        assertRefused(Errno.EINVAL, () -> rig.attach(b));
        assertUntouched(b, before);
    }

    @Test
    @Spec("T-103")
    void shouldRefuseAnEntryInAReservedRegionUnlessItMayBeGivenUp() {
        rig.withEmulated();
        rig.map(RW, rig.caller.pages(1), 0xfee00000L);
        DmaLimits before = rig.container.limits();
        assertRefused(Errno.EINVAL, () -> rig.attach(a));
        assertUntouched(a, before);
        a.reserved = List.of(new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.DIRECT_RELAXABLE));
        rig.attach(a);
        assertThat(rig.container.limits().ranges()).containsExactly(new Range(0, 0xffffffffffffL));
        assertThat(a.attached().iovaToPhys(0xfee00000L)).isNotZero();
    }

    @Test
    @Spec("T-104")
    void shouldRefuseReservedRegionsThatLeaveNothing() {
        a.reserved = List.of(new ReservedRegion(0, -1L, ReservedRegion.Type.RESERVED));
        DmaLimits before = rig.container.limits();
        assertRefused(Errno.EINVAL, () -> rig.attach(a));
        assertUntouched(a, before);
    }

    @Test
    @Spec("T-105")
    void shouldGiveAReservedRegionBackWhenNoGroupListsItAnyMore() {
        ReservedRegion region = new ReservedRegion(0x100000, 0x1fffff, ReservedRegion.Type.RESERVED);
        rig.attach(a);
        b.hardware.driver = "other driver";
        b.reserved = List.of(region, FakeGroup.MSI);
        rig.attach(b);
        assertThat(rig.container.limits().ranges()).hasSize(3);
        rig.container.detachGroup(b);
        assertThat(rig.container.limits().ranges()).containsExactly(BELOW_MSI, ABOVE_MSI);
        rig.attach(b);
        a.reserved = List.of(region, FakeGroup.MSI);
        rig.container.detachGroup(b);
        assertThat(rig.container.limits().ranges()).hasSize(3);
    }

    @Test
    @Spec("T-106")
    void shouldNotGiveTheStartBackWhenAMergedGroupLeaves() {
        rig.attach(a);
        b.reserved = List.of(new ReservedRegion(0, 0xfffff, ReservedRegion.Type.RESERVED), FakeGroup.MSI);
        rig.attach(b);
        assertThat(b.attached()).isSameAs(a.attached());
        rig.container.detachGroup(b);
        assertThat(rig.container.limits().ranges()).containsExactly(new Range(0x100000, 0xfedfffffL), ABOVE_MSI);
    }

    @Test
    @Spec("T-107")
    void shouldOfferEverythingWhenOnlyGroupsWithoutHardwareAreLeft() {
        rig.withEmulated().attach(a);
        rig.container.detachGroup(a);
        assertThat(rig.container.limits().ranges()).containsExactly(new Range(0, -1L));
    }

    @Test
    @Spec("T-108")
    void shouldRefuseADomainWhosePagesAreTooLargeForAnEntry() {
        rig.attach(a);
        rig.map(RW, rig.caller.pages(1), 0x1000);
        DmaLimits before = rig.container.limits();
        b.hardware.driver = "other driver";
        b.hardware.pageSizes = 0x10000;
        assertRefused(Errno.EINVAL, () -> rig.attach(b));
        assertUntouched(b, before);
        assertThat(rig.caller.locked()).isEqualTo(1);
    }

    @Test
    @Spec("T-109")
    void shouldReportTheBasePageForSmallerHardwarePages() {
        a.hardware.pageSizes = 0x200200L;
        rig.attach(a);
        assertThat(rig.container.limits().pageSizes()).isEqualTo(0x201000L);
    }

    @Test
    @Spec("T-110")
    void shouldRefuseGroupsWithoutInterruptIsolationUnlessAllowed() {
        a.isolatedMsi = false;
        DmaLimits before = rig.container.limits();
        assertRefused(Errno.EPERM, () -> rig.attach(a));
        assertUntouched(a, before);
        rig.options.put("allow_unsafe_interrupts", "Y");
        rig.attach(a);
        rig.options.put("allow_unsafe_interrupts", "N");
        b.isolatedMsi = false;
        assertRefused(Errno.EPERM, () -> rig.attach(b));
    }

    @Test
    @Spec("T-112")
    void shouldReserveASoftwareInterruptWindowOncePerDomain() {
        ReservedRegion window = new ReservedRegion(0x8000000, 0x80fffff, ReservedRegion.Type.SOFTWARE_MSI);
        a.reserved = List.of(window);
        b.reserved = List.of(window);
        rig.attach(a);
        rig.attach(b);
        assertThat(a.attached().msiWindows()).containsExactly(0x8000000L);
        assertThat(rig.container.limits().ranges())
                .containsExactly(new Range(0, 0x7ffffffL), new Range(0x8100000L, 0xffffffffffffL));
    }

    @Test
    @Spec("T-113")
    void shouldPreferTheHardwaresInterruptWindow() {
        a.reserved = List.of(new ReservedRegion(0x8000000, 0x80fffff, ReservedRegion.Type.SOFTWARE_MSI), FakeGroup.MSI);
        rig.attach(a);
        assertThat(a.attached().msiWindows()).isEmpty();
        assertThat(rig.container.limits().ranges()).hasSize(3);
    }

    @Test
    @Spec({"T-114", "T-115"})
    void shouldUndoTheReplayWhenTheInterruptWindowFails() {
        rig.withEmulated();
        rig.map(RW, rig.scatteredPages(4), 0x1000);
        DmaLimits before = rig.container.limits();
        a.reserved = List.of(new ReservedRegion(0x8000000, 0x80fffff, ReservedRegion.Type.SOFTWARE_MSI));
        a.hardware.msiFailure = Errno.ENOMEM;
        assertRefused(Errno.ENOMEM, () -> rig.attach(a));
        assertUntouched(a, before);
        assertThat(a.domain().pieces()).isEmpty();
        rig.assertNothingHeld();
        a.hardware.msiFailure = Errno.ENODEV;
        rig.attach(a);
        assertThat(rig.caller.locked()).isEqualTo(4);
    }

    @Test
    void shouldAnswerTheHardwaresRefusalToAttach() {
        DmaLimits before = rig.container.limits();
        a.refuseAttach();
        assertRefused(Errno.EINVAL, () -> rig.attach(a));
        assertUntouched(a, before);
    }

    @Test
    @Spec("T-115")
    void shouldUndoAReplayThatFailsAtAnyStep() {
        rig.withEmulated();
        rig.map(RW, rig.scatteredPages(3), 0x1000);
        rig.map(RW, rig.scatteredPages(3), 0x8000);
        DmaLimits before = rig.container.limits();
        for (int step = 0; step < 6; step++) {
            a.hardware.mapsUntilFailure = step;
            assertRefused(Errno.ENOMEM, () -> rig.attach(a));
            assertUntouched(a, before);
            assertThat(a.domain().pieces()).as("step %s", step).isEmpty();
            rig.assertNothingHeld();
        }
        a.hardware.mapsUntilFailure = -1;
        rig.attach(a);
        assertThat(rig.caller.locked()).isEqualTo(6);
        assertThat(rig.physical.pinnedPages()).isEqualTo(6);
    }

    @Test
    @Spec("T-154")
    void shouldKeepMappingsForTheOtherGroupOfADomain() {
        rig.attach(a);
        rig.attach(b);
        rig.map(RW, rig.caller.pages(2), 0);
        rig.container.detachGroup(a);
        assertThat(a.attachedDomain()).isEmpty();
        assertThat(b.attached().iovaToPhys(PAGE)).isNotZero();
        assertThat(rig.caller.locked()).isEqualTo(2);
    }

    @Test
    @Spec("T-155")
    void shouldForgetEverythingWithTheLastGroup() {
        rig.attach(a);
        rig.map(RW, rig.caller.pages(2), 0);
        rig.container.detachGroup(a);
        assertThat(rig.available()).isEqualTo(65535);
        assertThat(a.domain().isFreed()).isTrue();
        rig.assertNothingHeld();
        rig.container.release();
        rig.assertNothingHeld();
    }

    @Test
    void shouldUndoEverythingOnReleaseWithGroupsStillAttached() {
        rig.withEmulated().attach(a);
        b.hardware.coherent = false;
        rig.attach(b);
        rig.map(RW, rig.scatteredPages(3), 0);
        rig.container.release();
        rig.assertNothingHeld();
        assertThat(a.domain().isFreed()).isTrue();
        assertThat(b.domain().isFreed()).isTrue();
        assertThat(a.attachedDomain()).isEmpty();
    }

    /** The instance is as before, and the group is blocked with its fresh domain freed. */
    private void assertUntouched(FakeGroup group, DmaLimits before) {
        assertThat(rig.container.limits()).isEqualTo(before);
        assertThat(group.attachedDomain()).isEmpty();
        assertThat(group.domain().isFreed()).isTrue();
    }
}
