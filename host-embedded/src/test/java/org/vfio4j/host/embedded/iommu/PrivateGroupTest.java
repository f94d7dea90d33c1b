// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A group without IOMMU has one member and nothing to attach it to. */
class PrivateGroupTest {
    private final SimulatedDevice device = new SimulatedDevice("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
    private final PrivateGroup group = new PrivateGroup(12, "vfio-noiommu", device);

    @Test
    void shouldHaveItsOneDeviceAndName() {
        assertThat(group.id()).isEqualTo(12);
        assertThat(group.name()).isEqualTo("vfio-noiommu");
        assertThat(group.devices()).containsExactly(device);
        assertThat(group.hasIommu()).isFalse();
        assertThat(group.dmaUnowned()).isTrue();
        assertThat(group.reservedRegions()).isEmpty();
    }

    @Test
    void shouldRefuseDomains() {
        assertThatThrownBy(() -> group.allocateDomain(false))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.ENODEV));
        var unit = new PagingUnit("dmar0", new FrameTable(), PagingConfig.defaults(), new FaultLog());
        var domain = unit.newGroup(1).allocateDomain(false);
        assertThatThrownBy(() -> group.attach(domain))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.EINVAL));
        domain.free();
        group.detach();
        assertThat(group.attachedDomain()).isEmpty();
    }
}
