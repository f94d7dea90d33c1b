// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.WRITE;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** What a process has mapped decides what devices may get: protections, and memory that belongs to a device. */
class DeviceMappingTest {
    private static final long GIB = 1L << 30;
    private static final long BAR = 16 * GIB;
    private static final long BAR_SIZE = 4L << 20;

    private final Rig rig = Rig.v2();
    private final FakeGroup group = rig.attach(rig.group());
    private final UserAreas user = new UserAreas(rig.physical);
    private final IommuBackend container = rig.container;

    @ParameterizedTest
    @ValueSource(ints = {READ, WRITE, RW})
    @Spec("T-040")
    void shouldRefuseMemoryWithoutAccess(int access) {
        user.ram(0x10000, 2 * PAGE, RW);
        user.ram(0x10000 + 2 * PAGE, PAGE, 0); // PROT_NONE
        DmaLimits before = container.limits();
        assertRefused(Errno.EFAULT, () -> container.mapDma(user, access, 0x10000 + 2 * PAGE, 0, PAGE));
        assertRefused(Errno.EFAULT, () -> container.mapDma(user, access, 0x10000, 0, 3 * PAGE));
        assertThat(container.limits()).isEqualTo(before);
        assertThat(group.attached().pieces()).isEmpty();
        assertThat(user.charged()).isZero();
        rig.assertNothingHeld();
        container.mapDma(user, access, 0x10000, 0, 2 * PAGE);
    }

    @Test
    @Spec({"T-045", "T-046"})
    void shouldMapRegistersThatAreOffsetByAPageAgainstLargePages() {
        user.device(BAR + PAGE, BAR_SIZE, RW);
        user.memlockLimit = 0;
        container.mapDma(user, RW, BAR + PAGE, 4 * GIB, BAR_SIZE);
        container.mapDma(user, RW, BAR + PAGE, 8 * GIB, PAGE);
        assertThat(user.charged()).as("charge for a device's memory").isZero();
        for (long offset = 0; offset < BAR_SIZE; offset += PAGE) {
            assertThat(group.attached().iovaToPhys(4 * GIB + offset)).isEqualTo(user.phys(BAR + PAGE + offset));
        }
        assertThat(rig.unmap(4 * GIB, BAR_SIZE)).as("size reported").isEqualTo(BAR_SIZE);
        assertThat(rig.unmap(8 * GIB, PAGE)).isEqualTo(PAGE);
        assertThat(group.attached().pieces()).isEmpty();
        rig.assertNothingHeld();
    }

    @Test
    void shouldChargeOnlyTheMemoryBesideRegisters() {
        user.ram(BAR - 3 * PAGE, 3 * PAGE, RW);
        user.device(BAR, 5 * PAGE, RW);
        user.memlockLimit = 2 * PAGE;
        assertRefused(Errno.ENOMEM, () -> container.mapDma(user, RW, BAR - 3 * PAGE, 0, 8 * PAGE));
        user.memlockLimit = 3 * PAGE;
        container.mapDma(user, RW, BAR - 3 * PAGE, 0, 8 * PAGE);
        assertThat(user.charged()).isEqualTo(3);
        rig.unmap(0, 8 * PAGE);
        assertThat(user.charged()).isZero();
        rig.assertNothingHeld();
    }

    @Test
    @Spec("T-047")
    void shouldLetNoDeviceWriteThroughAReadOnlyMappingOfRegisters() {
        user.device(BAR, BAR_SIZE, READ);
        assertRefused(Errno.EFAULT, () -> container.mapDma(user, RW, BAR, 0, BAR_SIZE));
        assertRefused(Errno.EFAULT, () -> container.mapDma(user, WRITE, BAR, 0, BAR_SIZE));
        assertThat(group.attached().pieces()).isEmpty();
        rig.assertNothingHeld();
        container.mapDma(user, READ, BAR, 0, BAR_SIZE);
        assertThat(group.attached().pieces())
                .allSatisfy(piece -> assertThat(piece.protection()).isEqualTo(READ));
    }
}
