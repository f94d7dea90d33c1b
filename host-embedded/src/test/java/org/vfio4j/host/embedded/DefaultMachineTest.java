// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.mdev.MdevBus;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class DefaultMachineTest {
    private final BootedMachine machine = BootedMachine.builtIn();

    @AfterEach
    void switchOff() {
        machine.close();
    }

    private List<String> members(String address) {
        return machine.group(address).devices().stream().map(BusDevice::name).toList();
    }

    @Test
    void shouldGroupByWhatTheTopologyCanKeepApart() {
        assertThat(members("00:05.0")).containsExactly("0000:00:05.0");
        assertThat(members("00:06.0")).containsExactly("0000:00:06.0");
        assertThat(members("01:00.1")).as("one slot without ACS").containsExactly("0000:01:00.0", "0000:01:00.1");
        assertThat(members("03:00.0")).as("behind a port with ACS").containsExactly("0000:03:00.0");
        assertThat(members("04:02.0"))
                .as("behind a conventional bridge, with it")
                .containsExactly("0000:00:13.0", "0000:04:01.0", "0000:04:02.0");
        assertThat(machine.host().groups()).isSortedAccordingTo((a, b) -> Integer.compare(a.id(), b.id()));
        assertThat(machine.host().groups())
                .allSatisfy(group ->
                        assertThat(group.devices()).as("group %d", group.id()).isNotEmpty());
    }

    @Test
    void shouldTellPagingFromTceUnits() {
        assertThat(machine.group("00:05.0").tceTableGroup()).isEmpty();
        assertThat(machine.group("00:07.0").tceTableGroup()).isPresent();
        assertThat(machine.group("00:05.0").reservedRegions())
                .containsExactly(new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.MSI));
        assertThat(machine.function("00:05.0").capable(IommuCapability.CACHE_COHERENCY))
                .isTrue();
    }

    @Test
    void shouldLetNativeDriverSpoilItsGroupOnly() {
        var spoiler = machine.function("02:00.1");
        assertThat(spoiler.initialDriver()).hasValue("e1000e");
        spoiler.bindNative("e1000e");
        assertThat(machine.group("02:00.0").dmaUnowned()).isFalse();
        assertThat(machine.group("01:00.0").dmaUnowned()).isTrue();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> machine.group("02:00.0").claimDmaOwner(this, false))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> spoiler.bindNative("nvme"))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                .withMessageContaining("e1000e has 0000:02:00.1 already");
        spoiler.unbindNative();
        assertThat(machine.group("02:00.0").dmaUnowned()).isTrue();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(spoiler::unbindNative)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }

    @Test
    void shouldKeepGroupViableUnderBridgeDriver() {
        machine.function("00:13.0").bindNative("pcieport");
        assertThat(machine.group("04:01.0").dmaUnowned()).isTrue();
    }

    @Test
    void shouldRefuseNativeDriverWhileVfioOwnsGroup() {
        machine.group("00:05.0").claimDmaOwner(this, false);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> machine.function("00:05.0").bindNative("e1000e"))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        assertThat(machine.function("00:05.0").nativeDriver()).isEmpty();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> machine.function("00:06.0").bindNative("floppy"))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }

    @Test
    void shouldResetSlotOrBusAsTopologySays() {
        var twin = machine.function("01:00.0");
        assertThat(twin.resettableSlot())
                .isNotNull()
                .isSameAs(machine.function("01:00.1").resettableSlot());
        assertThat(twin.bus()).isSameAs(machine.function("01:00.1").bus());
        assertThat(machine.function("02:00.0").resettableSlot()).isNull();
        assertThat(machine.function("02:00.0").bus().resettable()).isTrue();
        assertThat(machine.function("00:05.0").bus().resettable()).isFalse();
        assertThat(machine.function("00:05.0").bus().root()).isTrue();
        assertThat(machine.function("04:01.0").sysfsPath()).isEqualTo("/devices/pci0000:00/0000:00:13.0/0000:04:01.0");
    }

    @Test
    void shouldGiveDisjointAddressesInsideBridgeWindows() {
        var functions = machine.host().buses().stream()
                .filter(bus -> bus.name().equals("pci"))
                .flatMap(bus -> bus.devices().stream())
                .map(PciFunction.class::cast)
                .filter(function ->
                        function.address().bus() != 5 && function.address().bus() != 6)
                .toList();
        var taken = new TreeMap<Long, Long>();
        for (var function : functions) {
            for (int bar = 0; bar < 6; bar++) {
                var resource = function.resource(bar);
                if (resource.present() && resource.kind() == PciResource.Kind.MEMORY) {
                    assertThat(resource.start() % resource.length()).isZero();
                    var below = taken.floorEntry(resource.start() + resource.length() - 1);
                    assertThat(below == null || below.getValue() <= resource.start())
                            .as("%s BAR %d is alone at 0x%x", function.name(), bar, resource.start())
                            .isTrue();
                    taken.put(resource.start(), resource.start() + resource.length());
                }
            }
        }
        var bridge = machine.function("00:10.0");
        long base = (bridge.readConfig(0x20, 2) & 0xfff0L) << 16;
        long limit = (bridge.readConfig(0x22, 2) & 0xfff0L) << 16 | 0xfffff;
        var below = machine.function("01:00.1").resource(0);
        assertThat(below.start()).isBetween(base, limit);
        assertThat(below.start() + below.length() - 1).isBetween(base, limit);
        assertThat(bridge.readConfig(0x19, 1)).isEqualTo(1);
        assertThat(bridge.readConfig(0x0e, 1) & 0x7f)
                .as("header type of a bridge")
                .isEqualTo(1);
    }

    @Test
    void shouldReuseLowestFreePrivateGroupNumber() {
        var device = machine.function("00:05.0");
        int highest = machine.host().groups().getLast().id();
        var first = machine.host().createPrivateGroup("vfio-noiommu", device);
        var second = machine.host().createPrivateGroup("", device);
        assertThat(first.id()).isEqualTo(highest + 1);
        assertThat(second.id()).isEqualTo(highest + 2);
        machine.host().destroyPrivateGroup(first);
        assertThat(machine.host().createPrivateGroup("", device).id()).isEqualTo(highest + 1);
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> machine.host().destroyPrivateGroup(machine.group("00:05.0")));
    }

    @Test
    void shouldWantOneMediatedDeviceOfEveryType() {
        var mdev = machine.host().buses().stream()
                .filter(MdevBus.class::isInstance)
                .map(MdevBus.class::cast)
                .findFirst()
                .orElseThrow();
        var parent = mdev.parents().getFirst();
        assertThat(mdev.initialDevices())
                .allSatisfy(wish -> assertThat(wish.parent()).isEqualTo(parent.name()));
        assertThat(mdev.initialDevices())
                .extracting(MdevBus.Wish::type)
                .containsExactlyInAnyOrderElementsOf(
                        parent.types().stream().map(MdevType::name).toList());
    }

    @Test
    void shouldIsolateContainersNotObjects() {
        // Objects come onto the bus when a driver looks into their container.
        machine.device("dprc.2").bindNative("fsl_mc_dprc");
        var container = machine.device("dprc.2").iommuGroup().orElseThrow();
        assertThat(container.devices())
                .extracting(BusDevice::name)
                .contains("dprc.2", "dpio.1", "dpni.1")
                .doesNotContain("dprc.3");
        assertThat(machine.device("dprc.4").iommuGroup().orElseThrow().tceTableGroup())
                .isPresent();
        assertThat(machine.device("dprc.1").iommuGroup()).isEmpty();
        assertThat(machine.device("dpio.1").reservedRegions())
                .isEqualTo(machine.function("00:05.0").reservedRegions());
    }

    @Test
    void shouldCloseTwiceAndLeaveDevicesSilent() {
        var edu = machine.function("00:05.0");
        machine.close();
        machine.close();
        edu.writeBar(0, 0x98, 8, 1);
        var card = machine.function("01:00.0");
        assertThat(card.readBar(0, 0, 4)).as("no power").isEqualTo(0xffff_ffffL);
    }
}
