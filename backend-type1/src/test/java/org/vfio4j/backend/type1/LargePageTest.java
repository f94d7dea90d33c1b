// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.Spec;

/**
 * The sizes of the pages that the software IOMMU really uses. They show when a translation is taken away below the backend:
 * a large page goes whole when its first byte does.
 */
class LargePageTest {
    private static final long MIB = 1L << 20;
    private static final long TWO_MIB = 2 * MIB;
    private static final long GIB = 1L << 30;
    private static final long VADDR = 64 * GIB;

    private final Rig rig = Rig.v2();
    private final UserAreas user = new UserAreas(rig.physical);
    private final EmbeddedGroup group =
            new PagingUnit("unit", rig.physical, PagingConfig.defaults(), new FaultLog()).newGroup(1);
    private final DmaPort port;

    LargePageTest() {
        TestDevice device = new TestDevice("engine", group);
        group.join(device);
        port = group.port(device, () -> true);
        group.claimDmaOwner(rig, false);
        rig.container.attachGroup(group, GroupKind.IOMMU);
    }

    @ParameterizedTest
    @ValueSource(longs = {TWO_MIB, GIB})
    @Spec("T-042")
    void shouldUseOneLeafForAnAlignedHugePage(long size) {
        user.ram(VADDR, size, RW);
        rig.container.mapDma(user, RW, VADDR, 4 * GIB, size);
        assertReaches(4 * GIB + size - 64, VADDR + size - 64);
        assertThat(leafAt(4 * GIB)).as("bytes in the leaf").isEqualTo(size);
        assertThat(user.charged()).isEqualTo(size / PAGE);
        assertThat(rig.unmap(4 * GIB, size)).isEqualTo(size);
        assertThat(domain().iovaToPhys(4 * GIB)).isZero();
        rig.assertNothingHeld();
    }

    @Test
    void shouldUseLargeLeavesInTheMiddleOfAnUnalignedRange() {
        user.ram(VADDR, GIB + 2 * TWO_MIB, RW);
        long iova = 8 * GIB - TWO_MIB - PAGE;
        user.ram(VADDR - TWO_MIB - PAGE, TWO_MIB + PAGE, RW);
        rig.container.mapDma(user, RW, VADDR, 8 * GIB, GIB + TWO_MIB + PAGE);
        rig.container.mapDma(user, RW, VADDR - TWO_MIB - PAGE, iova, TWO_MIB + PAGE);
        assertThat(leafAt(iova)).isEqualTo(PAGE);
        assertThat(leafAt(iova + PAGE)).isEqualTo(TWO_MIB);
        assertThat(leafAt(8 * GIB)).isEqualTo(GIB);
        assertThat(leafAt(9 * GIB)).isEqualTo(TWO_MIB);
        assertThat(leafAt(9 * GIB + TWO_MIB)).isEqualTo(PAGE);
    }

    @Test
    @Spec("T-043")
    void shouldUseSmallLeavesWhenAddressesAreOffsetDifferently() {
        user.ram(VADDR, 2 * TWO_MIB, RW);
        long vaddr = VADDR + 5 * PAGE;
        rig.container.mapDma(user, RW, vaddr, TWO_MIB, TWO_MIB);
        for (long offset = 0; offset < TWO_MIB; offset += PAGE) {
            assertThat(domain().iovaToPhys(TWO_MIB + offset)).isEqualTo(user.phys(vaddr + offset));
            assertThat(leafAt(TWO_MIB + offset))
                    .as("bytes in the leaf at +0x%x", offset)
                    .isEqualTo(PAGE);
        }
        assertReaches(TWO_MIB + 7 * PAGE - 10, vaddr + 7 * PAGE - 10);
    }

    private IommuDomain domain() {
        return group.attachedDomain().orElseThrow();
    }

    /** Bytes of the leaf that starts at an address; the translation is the same afterwards. */
    private long leafAt(long iova) {
        long phys = domain().iovaToPhys(iova);
        long size = domain().unmap(iova, PAGE);
        domain().map(iova, phys, size, RW);
        return size;
    }

    private void assertReaches(long iova, long vaddr) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[] {1, 2, 3, 4});
        assertThat(port.write(iova, bytes, 0, 4)).as("device write").isTrue();
        MemorySegment seen = MemorySegment.ofArray(new byte[4]);
        user.read(vaddr, seen, 0, 4);
        assertThat(seen.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4);
    }
}
