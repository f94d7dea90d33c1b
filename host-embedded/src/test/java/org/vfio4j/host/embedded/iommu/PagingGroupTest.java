// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vfio4j.host.embedded.iommu.PagingSetup.PAGE;
import static org.vfio4j.host.embedded.iommu.PagingSetup.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Attaching groups to paging domains. */
class PagingGroupTest {
    private static void assertRefused(Errno errno, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(errno));
    }

    @Test
    void shouldAttachAllMembersTogetherAndLaterOnesToo() {
        try (var setup = new PagingSetup()) {
            var sibling = new SimulatedDevice("0000:00:05.1");
            setup.group.join(sibling);
            DmaPort late = setup.group.port(sibling, () -> true);
            var memory = setup.memory(PAGE, PAGE);
            setup.domain.map(0, memory.phys(), PAGE, RW);
            MemorySegment buffer = setup.buffer(8);
            assertThat(late.read(0, buffer, 0, 8)).isTrue();
            setup.domain.unmap(0, PAGE);
            assertThat(late.read(0, buffer, 0, 8))
                    .as("the late port is invalidated too")
                    .isFalse();
            setup.domain.map(0, memory.phys(), PAGE, RW);
            setup.group.leave(sibling);
            assertThat(late.read(0, buffer, 0, 8)).as("after the device left").isFalse();
            assertThat(setup.port.read(0, buffer, 0, 8)).isTrue();
        }
    }

    @Test
    void shouldShareADomainBetweenGroupsOfOneUnitOnly() {
        try (var setup = new PagingSetup()) {
            EmbeddedGroup other = setup.unit.newGroup(8);
            var device = new SimulatedDevice("0000:00:06.0");
            other.join(device);
            DmaPort port = other.port(device, () -> true);
            other.attach(setup.domain);
            var memory = setup.memory(PAGE, PAGE);
            setup.domain.map(0, memory.phys(), PAGE, RW);
            MemorySegment buffer = setup.buffer(8);
            assertThat(port.read(0, buffer, 0, 8)).isTrue();
            setup.group.detach();
            assertThat(port.read(0, buffer, 0, 8)).as("the other group stays").isTrue();
            setup.domain.unmap(0, PAGE);
            assertThat(port.read(0, buffer, 0, 8)).isFalse();
            setup.group.attach(setup.domain);
            other.detach();

            var foreign = new PagingUnit("dmar1", setup.physical, PagingConfig.defaults(), setup.faults).newGroup(9);
            assertThat(foreign.allocateDomain(false).driverIdentity()).isNotSameAs(setup.domain.driverIdentity());
            assertRefused(Errno.EINVAL, () -> foreign.attach(setup.domain));
        }
    }

    @Test
    void shouldRefuseToAttachTwiceOrToReplaceNothing() {
        try (var setup = new PagingSetup()) {
            IommuDomain second = setup.group.allocateDomain(false);
            assertRefused(Errno.EBUSY, () -> setup.group.attach(second));
            assertThat(setup.group.attachedDomain()).containsSame(setup.domain);
            setup.group.detach();
            assertRefused(Errno.EINVAL, () -> setup.group.replace(second));
            setup.group.detach();
            second.free();
            assertThatThrownBy(() -> setup.group.attach(second)).isInstanceOf(IllegalStateException.class);
            setup.group.attach(setup.domain);
        }
    }

    @Test
    void shouldAdmitOnlyGroupsThatEnforceCoherencyToADomainThatDoes() {
        try (var setup = new PagingSetup()) {
            assertThat(setup.domain.enforceCacheCoherency()).isTrue();
            EmbeddedGroup other = setup.unit.newGroup(8);
            other.join(new SimulatedDevice("0000:00:06.0", null, Set.of(IommuCapability.CACHE_COHERENCY), List.of()));
            assertRefused(Errno.EINVAL, () -> other.attach(setup.domain));
            IommuDomain lax = other.allocateDomain(false);
            assertThat(lax.enforceCacheCoherency()).isFalse();
            other.attach(lax);
            assertRefused(Errno.EINVAL, () -> other.replace(setup.domain));
            assertThat(other.attachedDomain()).as("the old attachment stays").containsSame(lax);
        }
    }

    /** Each domain maps the address to a page of its own; an access must always find one of them. */
    @Test
    @Timeout(60)
    void shouldReplaceWithoutAGapAndLeaveNoAccessBehind() throws InterruptedException {
        try (var setup = new PagingSetup()) {
            IommuDomain second = setup.group.allocateDomain(false);
            IommuDomain[] domains = {setup.domain, second};
            var memory = setup.memory(2 * PAGE, PAGE);
            for (int i = 0; i < 2; i++) {
                domains[i].map(0, memory.phys() + i * PAGE, PAGE, RW);
                memory.segment().asSlice(i * PAGE, PAGE).fill((byte) (i + 1));
            }
            var stop = new AtomicBoolean();
            var refused = new AtomicLong();
            var poisoned = new AtomicLong();
            Thread device = Thread.ofPlatform().start(() -> {
                MemorySegment buffer = setup.buffer(PAGE);
                while (!stop.get()) {
                    if (!setup.port.read(0, buffer, 0, PAGE)) {
                        refused.incrementAndGet();
                    } else if (buffer.get(ValueLayout.JAVA_BYTE, 0) == 0
                            || buffer.get(ValueLayout.JAVA_BYTE, 4095) == 0) {
                        poisoned.incrementAndGet();
                    }
                }
            });
            for (int round = 0; round < 5_000; round++) {
                int old = round & 1;
                setup.group.replace(domains[1 - old]);
                // Nobody may look at the old domain's page now.
                memory.segment().asSlice(old * PAGE, PAGE).fill((byte) 0);
                Thread.onSpinWait();
                memory.segment().asSlice(old * PAGE, PAGE).fill((byte) (old + 1));
            }
            stop.set(true);
            device.join();
            assertThat(refused)
                    .as("accesses refused while domains were replaced")
                    .hasValue(0);
            assertThat(poisoned)
                    .as("accesses through a domain after it was replaced")
                    .hasValue(0);
            setup.group.replace(setup.domain);
            second.free();
        }
    }
}
