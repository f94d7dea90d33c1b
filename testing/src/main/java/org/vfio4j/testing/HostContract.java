// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;

/**
 * What every host must do with one of its machines: consistent groups and devices, one owner of a group's DMA at a time, no
 * leftovers after power-off. Extend it and name the host; devices for the tests of ownership are found on the machine.
 */
public abstract class HostContract extends MachineContract {
    /** For subclasses. */
    protected HostContract() {}

    /** Name of the host. */
    protected abstract String host();

    @Override
    protected VfioOptions options() {
        return VfioOptions.defaults().withHost(host());
    }

    private List<IommuGroup> groups() {
        return vfio().devices().stream()
                .flatMap(device -> device.busDevice().iommuGroup().stream())
                .distinct()
                .toList();
    }

    /** A group that nobody owns, with IOMMU hardware and nothing but VFIO devices. */
    private IommuGroup freeGroup() {
        return groups().stream()
                .filter(group -> group.hasIommu() && group.dmaUnowned())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the machine has no group that VFIO could take"));
    }

    @Test
    void shouldNameMachineDevicesAndGroups() {
        assertThat(vfio().machineName()).as("machine").isNotBlank();
        assertThat(vfio().devices()).as("devices").isNotEmpty();
        assertThat(vfio().devices().stream().map(DeviceView::name)).doesNotHaveDuplicates();
        assertThat(vfio().groups().stream().map(GroupView::number)).isSorted().doesNotHaveDuplicates();
        assertThat(vfio().devices()).allSatisfy(device -> {
            assertThat(device.bus()).isEqualTo(device.busDevice().busName()).isNotBlank();
            assertThat(device.name()).isEqualTo(device.busDevice().name()).isNotBlank();
            assertThat(device.busDevice().sysfsPath()).startsWith("/").endsWith(device.name());
        });
    }

    @Test
    void shouldListEveryDeviceInItsGroupAndNowhereElse() {
        var places = new HashMap<String, Integer>();
        for (var group : vfio().groups()) {
            for (var member : group.devices()) {
                assertThat(places.put(member, group.number()))
                        .as("other group of %s beside %d", member, group.number())
                        .isNull();
            }
        }
        for (var device : vfio().devices()) {
            assertThat(Optional.ofNullable(places.get(device.name())))
                    .as("group of %s", device.name())
                    .isEqualTo(
                            device.group().isPresent()
                                    ? Optional.of(device.group().getAsInt())
                                    : Optional.empty());
        }
    }

    @Test
    void shouldSayTheSameOfGroupsAsTheirMembers() {
        for (var group : groups()) {
            assertThat(group.devices())
                    .as("members of group %d know it", group.id())
                    .isNotEmpty()
                    .allSatisfy(member -> assertThat(member.iommuGroup()).containsSame(group));
            var union = group.reservedRegions();
            assertThat(union)
                    .as("reserved regions of group %d cover those of its members", group.id())
                    .allSatisfy(region -> assertThat(Long.compareUnsigned(region.start(), region.last()))
                            .isLessThanOrEqualTo(0));
            for (var member : group.devices()) {
                for (var region : member.reservedRegions()) {
                    assertThat(union)
                            .as("reserved regions of group %d with %s of %s", group.id(), region, member.name())
                            .anyMatch(whole -> whole.type() == region.type()
                                    && Long.compareUnsigned(whole.start(), region.start()) <= 0
                                    && Long.compareUnsigned(whole.last(), region.last()) >= 0);
                }
            }
        }
    }

    @Test
    void shouldGiveAGroupsDmaToOneOwner() {
        var group = freeGroup();
        var owner = new Object();
        var stranger = new Object();
        group.claimDmaOwner(owner, false);
        assertThat(group.dmaUnowned()).as("unowned while claimed").isFalse();
        assertThat(group.dmaOwnerDescription()).as("owner for people").isPresent();
        assertRefused("claim by a stranger", Errno.EPERM, () -> group.claimDmaOwner(stranger, false));
        assertRefused("shared claim by a stranger", Errno.EPERM, () -> group.claimDmaOwner(stranger, true));
        assertRefused("second claim of an exclusive owner", Errno.EPERM, () -> group.claimDmaOwner(owner, false));
        group.releaseDmaOwner(owner);
        assertThat(group.dmaUnowned()).as("unowned once released").isTrue();
        assertThat(group.dmaOwnerDescription()).as("owner once released").isEmpty();
    }

    @Test
    void shouldCountTheClaimsOfASharingOwner() {
        var group = freeGroup();
        var owner = new Object();
        group.claimDmaOwner(owner, true);
        group.claimDmaOwner(owner, true);
        group.releaseDmaOwner(owner);
        assertThat(group.dmaUnowned()).as("unowned with one claim left").isFalse();
        assertRefused("claim by a stranger", Errno.EPERM, () -> group.claimDmaOwner(new Object(), true));
        group.releaseDmaOwner(owner);
        assertThat(group.dmaUnowned()).as("unowned with no claim left").isTrue();
    }

    @Test
    void shouldKeepNativeDriversAndOwnersApart() {
        var candidate = vfio().devices().stream()
                .filter(device ->
                        device.driver().filter(driver -> !device.nativeDriver()).isPresent())
                .filter(device -> device.busDevice()
                        .iommuGroup()
                        .filter(group -> group.dmaUnowned() && group.hasIommu())
                        .isPresent())
                .filter(device -> nativeDriver(device).isPresent())
                .findFirst();
        Assumptions.assumeTrue(candidate.isPresent(), "no device of a free group that a native driver could have");
        var device = candidate.orElseThrow();
        var group = device.busDevice().iommuGroup().orElseThrow();
        var nativeDriver = nativeDriver(device).orElseThrow();
        vfio().unbind(device.name());
        var owner = new Object();
        group.claimDmaOwner(owner, false);
        assertRefused(
                "native driver on an owned group",
                Errno.EBUSY,
                () -> device.busDevice().bindNative(nativeDriver));
        group.releaseDmaOwner(owner);
        device.busDevice().bindNative(nativeDriver);
        assertThat(group.dmaUnowned()).as("unowned with %s bound", nativeDriver).isFalse();
        assertThat(device.busDevice().nativeDriver()).contains(nativeDriver);
        assertRefused("claim with a native driver bound", Errno.EPERM, () -> group.claimDmaOwner(owner, false));
        device.busDevice().unbindNative();
        assertThat(group.dmaUnowned()).as("unowned with nothing bound").isTrue();
        assertRefused("unbinding twice", Errno.ENODEV, () -> device.busDevice().unbindNative());
    }

    /** A native driver that uses DMA: drivers of bridges and stubs do not count as owners. */
    private Optional<String> nativeDriver(DeviceView device) {
        var owning = vfio().devices().stream()
                .filter(other -> other.bus().equals(device.bus()) && other.nativeDriver())
                .filter(other -> other.group().isPresent()
                        && vfio().groups().stream()
                                .anyMatch(
                                        group -> group.number() == other.group().getAsInt() && !group.viable()))
                .flatMap(other -> other.driver().stream())
                .collect(Collectors.toSet());
        return owning.stream().sorted().findFirst();
    }

    @Test
    void shouldMakePagingDomainsOrSayThatThereAreNone() {
        for (var group : groups()) {
            if (!group.hasIommu() || !group.dmaUnowned()) {
                continue;
            }
            if (group.tceTableGroup().isPresent()) {
                assertRefused("paging domain of TCE hardware", Errno.EOPNOTSUPP, () -> group.allocateDomain(false));
                continue;
            }
            var domain = group.allocateDomain(false);
            assertThat(Long.lowestOneBit(domain.pageSizes()))
                    .as("smallest page")
                    .isBetween(1L, 65536L);
            assertThat(Long.compareUnsigned(domain.apertureStart(), domain.apertureEnd()))
                    .isNegative();
            assertThat(domain.iovaToPhys(domain.apertureStart()))
                    .as("translation of an empty domain")
                    .isZero();
            domain.free();
        }
    }

    @Test
    void shouldAttachOnlyToItsOwnersDomains() {
        var group = groups().stream()
                .filter(candidate -> candidate.hasIommu()
                        && candidate.dmaUnowned()
                        && candidate.tceTableGroup().isEmpty())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the machine has no free group with paging"));
        var owner = new Object();
        group.claimDmaOwner(owner, false);
        var first = group.allocateDomain(false);
        var second = group.allocateDomain(false);
        group.detach();
        assertRefused("replace with nothing attached", Errno.EINVAL, () -> group.replace(first));
        group.attach(first);
        assertThat(group.attachedDomain()).containsSame(first);
        assertRefused("attach over another domain", Errno.EBUSY, () -> group.attach(second));
        group.replace(second);
        assertThat(group.attachedDomain()).containsSame(second);
        group.detach();
        group.detach();
        assertThat(group.attachedDomain()).isEmpty();
        first.free();
        second.free();
        group.releaseDmaOwner(owner);
    }

    @Test
    void shouldRefuseDmaOfOwnedDevicesThatAreAttachedToNothing() throws InterruptedException {
        Assumptions.assumeTrue(
                vfio().backends().stream().anyMatch(view -> view.iommufd()), "no backend offers iommufd");
        var driven = vfio().devices().stream()
                .filter(device -> device.index().isPresent() && !device.emulated())
                .filter(device -> device.busDevice()
                        .iommuGroup()
                        .filter(group ->
                                group.dmaUnowned() && group.tceTableGroup().isEmpty())
                        .isPresent())
                .filter(DataMover::drives)
                .findFirst();
        Assumptions.assumeTrue(driven.isPresent(), "no DeviceExercise drives a device of this machine");
        try (var buffer = vfio().allocate(65536);
                var device = vfio().open(driven.orElseThrow().name(), OpenOptions.cdev());
                var mover = DataMover.of(vfio(), device)) {
            var group = driven.orElseThrow().busDevice().iommuGroup().orElseThrow();
            var domain = group.attachedDomain().orElseThrow();
            long iova = mover.iova(device.dma(), 65536);
            try (var mapping = device.dma().map(iova, buffer, 0, 65536, Protection.READ | Protection.WRITE)) {
                assertThat(mover.reads(mapping.iova(), 64))
                        .as("read while attached")
                        .isTrue();
                group.detach();
                mover.assertRefused(iova, 64, buffer.segment());
                group.attach(domain);
                assertThat(mover.reads(mapping.iova(), 64))
                        .as("read once attached again")
                        .isTrue();
            }
        }
    }

    @Test
    void shouldTellPrivateGroupsFromRealOnes() {
        for (var device : vfio().devices()) {
            if (device.emulated()) {
                var number = device.group().orElseThrow();
                assertThat(vfio().groups())
                        .as("the private group of %s", device.name())
                        .filteredOn(group -> group.number() == number)
                        .singleElement()
                        .satisfies(group -> {
                            assertThat(group.devices()).containsExactly(device.name());
                            assertThat(group.viable()).as("viable").isTrue();
                        });
            }
        }
    }

    @Test
    void shouldBootAndCloseAgainWithoutLeftovers() throws InterruptedException {
        var threads = new ThreadGroup("machines"); // what a machine starts belongs to whoever booted it
        var seen = Collections.synchronizedList(new ArrayList<List<String>>());
        var boots = new Thread(threads, () -> {
            for (var round = 0; round < 2; round++) {
                var another = Vfio.open(options());
                seen.add(another.devices().stream().map(DeviceView::name).toList());
                another.close();
                another.close();
            }
        });
        boots.start();
        boots.join();
        assertThat(seen).as("devices of two boots").hasSize(2);
        assertThat(seen.getLast()).as("devices of the second boot").isEqualTo(seen.getFirst());
        var left = new Thread[16];
        int count = threads.enumerate(left);
        assertThat(Arrays.copyOf(left, count))
                .as("threads that outlive their machine")
                .isEmpty();
    }

    @Test
    void shouldRunMachinesSideBySide() {
        try (var other = Vfio.open(options())) {
            assertThat(other.devices().stream().map(DeviceView::busDevice).collect(Collectors.toSet()))
                    .as("devices shared by two machines")
                    .doesNotContainAnyElementsOf(
                            vfio().devices().stream().map(DeviceView::busDevice).toList());
        }
    }
}
