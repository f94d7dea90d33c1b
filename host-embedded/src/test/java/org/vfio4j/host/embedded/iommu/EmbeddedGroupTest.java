// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Members of a group and who owns their DMA: the table of core §7, row by row. */
class EmbeddedGroupTest {
    private final PagingUnit unit = new PagingUnit("dmar0", new FrameTable(), PagingConfig.defaults(), new FaultLog());
    private final EmbeddedGroup group = unit.newGroup(3);
    private final SimulatedDevice first = new SimulatedDevice("0000:00:03.0");
    private final SimulatedDevice second = new SimulatedDevice("0000:00:03.1");
    private final Object vfioGroup = new Object();
    private final Object context = new Object();

    EmbeddedGroupTest() {
        group.join(first);
        group.join(second);
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(errno));
    }

    @Test
    void shouldLetOneOwnerClaimAnUnownedGroup() {
        assertThat(group.dmaUnowned()).isTrue();
        assertThat(group.dmaOwnerDescription()).isEmpty();
        group.claimDmaOwner(vfioGroup, false);
        assertThat(group.dmaUnowned()).isFalse();
        assertThat(group.dmaOwnerDescription()).hasValue("VFIO, through its group");
        group.releaseDmaOwner(vfioGroup);
        assertThat(group.dmaUnowned()).isTrue();
    }

    @Test
    void shouldRefuseEveryOtherClaimWhileAVfioGroupOwns() {
        group.claimDmaOwner(vfioGroup, false);
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(vfioGroup, false));
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(context, true));
        assertRefused(Errno.EBUSY, () -> group.useDmaApi(first, "e1000e"));
        group.releaseDmaOwner(vfioGroup);
        group.useDmaApi(first, "e1000e");
    }

    @Test
    void shouldCountClaimsOfOneContextAndRefuseAnother() {
        group.claimDmaOwner(context, true);
        group.claimDmaOwner(context, true);
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(new Object(), true));
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(vfioGroup, false));
        assertRefused(Errno.EBUSY, () -> group.useDmaApi(second, "e1000e"));
        assertThat(group.dmaOwnerDescription()).hasValue("VFIO, through an iommufd");
        group.releaseDmaOwner(context);
        assertThat(group.dmaUnowned()).as("after one of two releases").isFalse();
        group.releaseDmaOwner(context);
        assertThat(group.dmaUnowned()).as("after both releases").isTrue();
    }

    @Test
    void shouldCountNativeDriversByDevice() {
        group.useDmaApi(first, "e1000e");
        group.useDmaApi(second, "ahci");
        assertThat(group.dmaUnowned()).isFalse();
        assertThat(group.dmaOwnerDescription())
                .hasValue("native driver e1000e on 0000:00:03.0, native driver ahci on 0000:00:03.1");
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(vfioGroup, false));
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(context, true));
        assertRefused(Errno.EBUSY, () -> group.useDmaApi(first, "ahci"));
        group.releaseDmaApi(first);
        assertRefused(Errno.EPERM, () -> group.claimDmaOwner(context, true));
        group.releaseDmaApi(second);
        assertRefused(Errno.ENODEV, () -> group.releaseDmaApi(second));
        group.claimDmaOwner(context, true);
    }

    @Test
    void shouldRefuseAClaimWhileAForeignDomainIsAttached() {
        group.attach(group.allocateDomain(false));
        assertRefused(Errno.EBUSY, () -> group.claimDmaOwner(vfioGroup, false));
        group.detach();
        group.claimDmaOwner(vfioGroup, false);
    }

    @Test
    void shouldDetachWhenTheLastClaimIsGivenBack() {
        group.claimDmaOwner(context, true);
        group.attach(group.allocateDomain(false));
        group.releaseDmaOwner(context);
        assertThat(group.attachedDomain()).isEmpty();
    }

    @Test
    void shouldRejectAReleaseByAStranger() {
        group.claimDmaOwner(context, true);
        assertThatThrownBy(() -> group.releaseDmaOwner(new Object())).isInstanceOf(IllegalStateException.class);
        assertThat(group.dmaUnowned()).isFalse();
    }

    @Test
    void shouldForgetAMemberThatLeavesWithItsNativeDriver() {
        group.useDmaApi(first, "e1000e");
        group.leave(first);
        assertThat(group.devices()).containsExactly(second);
        assertThat(group.dmaUnowned()).isTrue();
        assertThatThrownBy(() -> group.port(first, () -> true)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldAskEachMemberForItsReservedRegions() {
        var low = new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.MSI);
        group.join(new SimulatedDevice(
                "0000:00:03.2",
                null,
                Set.of(),
                List.of(
                        low,
                        new ReservedRegion(0x9000, 0x9fff, ReservedRegion.Type.DIRECT),
                        new ReservedRegion(-8, -1, ReservedRegion.Type.MSI))));
        group.join(new SimulatedDevice(
                "0000:00:03.3",
                null,
                Set.of(),
                List.of(
                        new ReservedRegion(0x8000, 0x8fff, ReservedRegion.Type.DIRECT),
                        new ReservedRegion(0xa000, 0xafff, ReservedRegion.Type.RESERVED),
                        new ReservedRegion(0xfee80000L, 0xfef00000L, ReservedRegion.Type.MSI),
                        new ReservedRegion(-4, -1, ReservedRegion.Type.MSI))));
        assertThat(group.reservedRegions())
                .containsExactly(
                        new ReservedRegion(0x8000, 0x9fff, ReservedRegion.Type.DIRECT),
                        new ReservedRegion(0xa000, 0xafff, ReservedRegion.Type.RESERVED),
                        new ReservedRegion(0xfee00000L, 0xfef00000L, ReservedRegion.Type.MSI),
                        new ReservedRegion(-8, -1, ReservedRegion.Type.MSI));
    }

    @Test
    void shouldHaveDirtyTrackingOnlyIfEachMemberHas() {
        group.allocateDomain(true).free();
        group.join(new SimulatedDevice("0000:00:03.2", null, Set.of(IommuCapability.CACHE_COHERENCY), List.of()));
        assertRefused(Errno.EOPNOTSUPP, () -> group.allocateDomain(true));
    }
}
