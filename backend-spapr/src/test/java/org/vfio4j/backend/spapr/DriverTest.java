// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** What the driver offers, and which calls exist in which version. */
class DriverTest {
    private final Rig v1 = Rig.v1();
    private final Rig v2 = Rig.v2();

    @Test
    void shouldBeFoundAsAService() {
        assertThat(ServiceLoader.load(IommuBackendProvider.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .map(IommuBackendProvider::name))
                .contains("spapr");
    }

    @Test
    void shouldPreferVersion2() {
        assertThat(v2.driver.types().getFirst().number()).isEqualTo(7);
        assertThat(v2.container.version2()).isTrue();
        assertThat(v1.container.version2()).isFalse();
        assertRefused(Errno.EINVAL, () -> v2.driver.open(5));
    }

    @Test
    @Spec("S-001")
    void shouldOfferBothTypesAndNoOtherExtension() {
        for (int offered : new int[] {2, 7}) {
            assertThat(v2.driver.checkExtension(offered)).isEqualTo(1);
            assertThat(v2.container.checkExtension(offered)).isEqualTo(1);
        }
        for (int not : new int[] {1, 3, 5, 9, 10}) {
            assertThat(v2.driver.checkExtension(not)).as("extension %s", not).isZero();
            assertThat(v1.container.checkExtension(not)).as("extension %s", not).isZero();
        }
    }

    @Test
    @Spec("S-019")
    void shouldNotKnowVersion2CallsInVersion1() {
        v1.attach();
        RawCall raw = v1.raw();
        for (int command : new int[] {RawCall.REGISTER, RawCall.UNREGISTER, RawCall.CREATE, RawCall.REMOVE}) {
            assertRefused(Errno.ENOTTY, () -> raw.callWithBadPointer(command));
        }
    }

    @Test
    @Spec("S-020")
    void shouldNotKnowVersion1CallsInVersion2() {
        v2.attach();
        RawCall raw = v2.raw();
        assertRefused(Errno.ENOTTY, () -> raw.call(RawCall.ENABLE));
        assertRefused(Errno.ENOTTY, () -> raw.call(RawCall.DISABLE));
        assertRefused(Errno.ENOTTY, () -> raw.call(0x3b7a));
    }

    @Test
    @Spec("S-101")
    void shouldHaveNoPinOrCopyForDevicesWithoutDma() {
        TestGroup group = v2.attach();
        assertRefused(Errno.ENOTTY, () -> v2.container.pinPages(group, 0, 1, Rig.RW, (phys, length) -> {}));
        assertRefused(Errno.ENOTTY, () -> v2.container.dmaRw(0, MemorySegment.ofArray(new byte[8]), false));
    }

    @Test
    @Spec("S-102")
    void shouldHaveNoErrorHandlingForGroupsWithoutEndpoint() {
        RawCall raw = v2.raw();
        assertThat(raw.callWithBadPointer(RawCall.EEH)).as("without a group").isZero();
        v2.attach();
        assertRefused(Errno.ENODEV, () -> raw.callWithBadPointer(RawCall.EEH));
    }
}
