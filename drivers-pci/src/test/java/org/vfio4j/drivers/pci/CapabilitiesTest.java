// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;

class CapabilitiesTest {
    private static final int SUBSYSTEM = 0x0d;
    private static final int SLOT_ID = 0x04;
    private static final int UNKNOWN = 0x15;
    private static final int PASID = 0x1b;

    private FakeFunction function;

    @BeforeEach
    void zoo() {
        function = new FakeFunction(new FakeFunction.FakeBus(false, true), 0, 4096);
        function.bar(0, 0x4000, false);
    }

    @AfterEach
    void close() {
        function.close();
    }

    private static List<Integer> standard(User user) {
        var ids = new ArrayList<Integer>();
        for (int at = user.config(PciRegister.CAPABILITIES, 1); at != 0; at = user.config(at + 1, 1)) {
            ids.add(user.config(at, 1));
        }
        return ids;
    }

    private static List<Integer> extended(User user) {
        var ids = new ArrayList<Integer>();
        for (int at = PciRegister.EXTENDED; at != 0; at = user.config(at, 4) >>> 20) {
            ids.add(user.config(at, 4) & 0xffff);
        }
        return ids;
    }

    @Test
    @Spec({"P-089", "P-090", "P-093"})
    void shouldHideStandardCapabilitiesButKeepTheirBytesRaw() {
        function.capability(SUBSYSTEM, 0x40, 0, 0, 1, 2, 3, 4);
        function.permit(0x44, 4, -1);
        function.power(true);
        function.capability(SLOT_ID, 0x54, 0, 0);
        function.express(true);
        function.capability(UNKNOWN, 0xa0, 0, 0);
        function.msix(4, 0, 0x1000);
        var user = User.of(function);
        assertThat(standard(user)).containsExactly(CapabilityId.POWER, CapabilityId.EXPRESS, CapabilityId.MSI_X);
        assertThat(user.config(PciRegister.CAPABILITIES, 1)).isEqualTo(0x48);
        assertThat(user.config(0x40, 1)).isEqualTo(SUBSYSTEM);
        user.config(0x44, 4, 0xcafe);
        assertThat(function.get(0x44, 4)).isEqualTo(0xcafe);
        assertThat(user.config(0x44, 4)).isEqualTo(0xcafe);
    }

    @Test
    @Spec("P-091")
    void shouldShowNoListWhenAllIsHidden() {
        function.capability(SUBSYSTEM, 0x40, 0, 0);
        var user = User.of(function);
        assertThat(user.config(PciRegister.STATUS, 2) & PciRegister.STATUS_CAPABILITIES)
                .isZero();
        assertThat(user.config(PciRegister.CAPABILITIES, 1)).isZero();
    }

    @Test
    @Spec("P-092")
    void shouldLeavePointerAloneWithoutListBit() {
        function.set(PciRegister.CAPABILITIES, 1, 0x50);
        assertThat(User.of(function).config(PciRegister.CAPABILITIES, 1)).isEqualTo(0x50);
    }

    @Test
    @Spec({"P-094", "P-095", "P-096", "P-097"})
    void shouldTreatVendorCapabilitiesAsTheirLengthSays() {
        int hidden = function.capability(CapabilityId.VENDOR, 0x40, 0);
        int visible = function.capability(CapabilityId.VENDOR, 0x50, 8);
        function.permit(visible, 8, -1);
        function.permit(visible + 4, 4, -1);
        function.permit(0x5a, 2, 0xffff);
        var user = User.of(function);
        assertThat(standard(user)).containsExactly(CapabilityId.VENDOR);
        assertThat(user.config(PciRegister.CAPABILITIES, 1)).isEqualTo(visible).isNotEqualTo(hidden);
        user.config(visible + 4, 1, 0x77);
        assertThat(function.get(visible + 4, 1)).isEqualTo(0x77);
        user.config(visible, 1, 0x01);
        user.config(visible + 1, 1, 0xf0);
        assertThat(user.config(visible, 2)).isEqualTo(CapabilityId.VENDOR);
        user.config(0x5a, 1, 0x33);
        assertThat(function.get(0x5a, 1)).as("a gap byte").isEqualTo(0x33);
    }

    @Test
    @Spec({"P-098", "P-099"})
    void shouldHideWakeEventsAndSleepOnRequest() {
        int at = function.power(true);
        function.permit(at + 4, 2, 0x1f03);
        function.set(at + 4, 2, 0x0108);
        var user = User.of(function);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x0003);
        assertThat(user.config(at + 4, 2)).isEqualTo(0x0008);
        user.config(at + 4, 2, PowerState.D3_HOT);
        assertThat(user.config(at + 4, 2) & 3).isEqualTo(PowerState.D3_HOT);
        User.refused(org.vfio4j.uapi.Errno.EIO, () -> user.read(0, 0, 4));
        assertThat(user.config(PciRegister.VENDOR_ID, 2)).isEqualTo(FakeFunction.VENDOR);
        user.config(at + 4, 2, PowerState.D0);
        assertThat(user.read(0, 0, 4)).hasSize(4);
    }

    @Test
    @Spec({"P-100", "P-101"})
    void shouldBringConfigurationBackFromSleepAndIgnoreMissingStates() {
        int at = function.power(false);
        var user = User.of(function);
        int address = function.get(PciRegister.BAR0, 4);
        user.config(at + 4, 2, PowerState.D1);
        assertThat(user.config(at + 4, 2) & 3).as("D1 is not offered").isEqualTo(PowerState.D0);
        user.config(at + 4, 2, PowerState.D3_HOT);
        user.config(at + 4, 2, PowerState.D0);
        assertThat(function.get(PciRegister.BAR0, 4)).isEqualTo(address);
        assertThat(function.get(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY)
                .isNotZero();
    }

    @Test
    @Spec("P-102")
    void shouldKeepPhysicalFunctionAwakeWhileItHasVirtualOnes() {
        int at = function.power(true);
        int sriov = function.extended(CapabilityId.EXT_SR_IOV, 0x100);
        function.express(true);
        var user = User.of(function);
        function.set(sriov + 8, 2, 1);
        user.config(at + 4, 2, PowerState.D3_HOT);
        assertThat(function.get(at + 4, 2) & 3).isEqualTo(PowerState.D0);
    }

    @Test
    @Spec({"P-104", "P-105", "P-106", "P-107"})
    void shouldDoVitalProductDataOperations() {
        int at = function.capability(CapabilityId.VPD, 0x40, 0, 0, 0, 0, 0, 0);
        function.permit(at + 2, 2, 0xffff);
        function.permit(at + 4, 4, -1);
        function.vpdAt = at;
        var store = new byte[64];
        store[0] = (byte) 0x82;
        store[1] = 56;
        store[59] = 0x78;
        ConfigBytes.put(store, 0x10, 4, 0x11223344);
        function.vpd = store;
        var user = User.of(function);
        user.config(at + 2, 2, 0x0010);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x8010);
        assertThat(user.config(at + 4, 4)).isEqualTo(0x11223344);
        user.config(at + 4, 4, 0x55667788);
        user.config(at + 2, 2, 0x8010);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x0010);
        assertThat(ConfigBytes.get(store, 0x10, 4)).isEqualTo(0x55667788);
        user.config(at + 4, 4, 0x01020304);
        user.config(at + 2, 2, 0x8011);
        assertThat(user.config(at + 2, 2)).as("not aligned: the flag stays").isEqualTo(0x8011);
        assertThat(ConfigBytes.get(store, 0x10, 4)).isEqualTo(0x55667788);
        user.config(at + 2, 1, 0x00);
        assertThat(user.config(at + 4, 4))
                .as("no operation without the flag's byte")
                .isEqualTo(0x01020304);
        user.config(at + 2, 2, 0x0100);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x8100);
        assertThat(user.config(at + 4, 4)).as("beyond the end").isZero();
    }

    @Test
    @Spec({"P-108", "P-109", "P-112", "P-113"})
    void shouldKeepPayloadAndLinkToTheHost() {
        int at = function.express(true);
        function.set(at + 8, 2, 0x5830);
        function.permit(at + 8, 2, 0x7fff);
        function.permit(at + 0x28, 2, 0xffff);
        function.set(at + 10, 2, 0x0001);
        var user = User.of(function);
        user.config(at + 8, 2, 0x0a40);
        assertThat(user.config(at + 8, 2))
                .as("user's payload and request, no phantom")
                .isEqualTo(0x0840);
        assertThat(function.get(at + 8, 2) & 0xe0).as("hardware payload").isEqualTo(0x20);
        assertThat(function.get(at + 8, 2) >>> 12)
                .as("hardware request, at least a payload")
                .isEqualTo(1);
        assertThat(function.get(at + 8, 2) & 0x200).as("phantom").isZero();
        user.config(at + 0x28, 2, 0xffff);
        assertThat(function.get(at + 0x28, 2)).as("no ARI forwarding").isEqualTo(0xffdf);
        user.config(at + 0x10, 2, 0x0ff3);
        assertThat(function.get(at + 0x10, 2)).isZero();
        user.config(at + 10, 2, 0x000f);
        assertThat(function.get(at + 10, 2)).isEqualTo(0x0001);
    }

    @Test
    @Spec({"P-110", "P-111"})
    void shouldResetThroughDeviceControlWhereOffered() {
        int at = function.express(true);
        var user = User.of(function);
        int before = function.resets;
        user.write(0, 0, 9);
        user.config(at + 8, 2, 0x8000);
        assertThat(function.resets).isEqualTo(before + 1);
        assertThat(user.config(at + 8, 2) & 0x8000).isZero();
        assertThat(user.read(0, 0, 1)).containsExactly(0);
        function.set(at + 4, 4, 0);
        user.config(at + 8, 2, 0x8000);
        assertThat(function.resets).as("not offered").isEqualTo(before + 1);
        assertThat(user.config(at + 8, 2) & 0x8000).isZero();
    }

    @Test
    @Spec("P-114")
    void shouldResetThroughAdvancedFeatures() {
        int at = function.capability(CapabilityId.ADVANCED_FEATURES, 0x40, 6, 3, 0, 0);
        var user = User.of(function);
        int before = function.resets;
        user.config(at + 4, 1, 1);
        assertThat(function.resets).isEqualTo(before + 1);
        assertThat(user.config(at + 4, 1)).isZero();
    }

    @Test
    @Spec({"P-115", "P-116"})
    void shouldLetMsiControlFollowTheUserExceptEnableAndQueue() {
        int at = function.msi(0, true, false);
        var user = User.of(function);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x0080);
        user.config(at + 2, 2, 0x0001);
        assertThat(user.config(at + 2, 2)).isZero();
        user.config(at + 2, 2, 0x007e);
        assertThat(user.config(at + 2, 2)).isEqualTo(0x000e);
    }

    @Test
    @Spec({"P-117", "P-120"})
    void shouldClampQueueToVectorsEnabled() {
        int at = function.msi(5, true, true);
        var user = User.of(function);
        assertThat(user.irqs(1, User.TRIGGER, 0, 8, User.events(eight()))).isZero();
        assertThat(user.config(at + 2, 2) & 1).as("enabling does not show").isZero();
        user.config(at + 2, 2, 0x0050 | 1);
        assertThat(user.config(at + 2, 2) & 0x70).isEqualTo(0x30);
        assertThat(user.config(at + 2, 2) & 1).isOne();
    }

    private static org.vfio4j.spi.device.IrqSet.Slot[] eight() {
        var slots = new org.vfio4j.spi.device.IrqSet.Slot[8];
        java.util.Arrays.setAll(slots, i -> User.slot(new FakeEvent()));
        return slots;
    }

    @Test
    @Spec({"P-118", "P-119"})
    void shouldKeepMessageAddressFromHardwareButPassMask() {
        int at = function.msi(3, true, true);
        var user = User.of(function);
        user.config(at + 4, 4, 0xfee00000);
        user.config(at + 8, 4, 0x1);
        user.config(at + 12, 2, 0x4041);
        user.config(at + 16, 4, 0x5);
        assertThat(user.config(at + 4, 4)).isEqualTo(0xfee00000);
        assertThat(user.config(at + 12, 2)).isEqualTo(0x4041);
        assertThat(function.get(at + 4, 4)).isZero();
        assertThat(function.get(at + 12, 2)).isZero();
        assertThat(function.get(at + 16, 4)).isEqualTo(5);
    }

    @Test
    @Spec("P-121")
    void shouldDropMsixControlWritesAndShowHardware() {
        int at = function.msix(5, 0, 0x1000);
        var user = User.of(function);
        user.config(at + 2, 2, 0x8000);
        assertThat(user.config(at + 2, 2)).isEqualTo(4);
        user.irqs(2, User.TRIGGER, 0, 1, User.events(User.slot(new FakeEvent())));
        assertThat(user.config(at + 2, 2)).isEqualTo(0x8004);
    }

    @Test
    @Spec({"P-122", "P-125", "P-126", "P-128"})
    void shouldShowExtendedCapabilitiesThatAreSafe() {
        function.express(true);
        function.extended(PASID, 0x100);
        int errors = function.extended(CapabilityId.EXT_ERROR_REPORTING, 0x140);
        function.extended(0x3a, 0x180);
        int budget = function.extended(CapabilityId.EXT_POWER_BUDGET, 0x1a0);
        int resizable = function.extended(CapabilityId.EXT_RESIZABLE_BAR, 0x1c0);
        for (int at = errors + 4; at < errors + 28; at += 4) {
            function.permit(at, 4, -1);
        }
        function.permit(budget + 4, 4, -1);
        function.permit(budget + 8, 4, -1);
        function.set(resizable + 8, 4, 0x20);
        function.permit(resizable + 8, 4, 0x1f00);
        var user = User.of(function);
        assertThat(extended(user))
                .containsExactly(
                        0,
                        CapabilityId.EXT_ERROR_REPORTING,
                        CapabilityId.EXT_POWER_BUDGET,
                        CapabilityId.EXT_RESIZABLE_BAR);
        user.config(errors + 8, 4, -1);
        user.config(errors + 0x14, 4, -1);
        user.config(errors + 0x18, 4, -1);
        assertThat(function.get(errors + 8, 4)).isEqualTo(0x03fff031);
        assertThat(function.get(errors + 0x14, 4)).isEqualTo(0xf1c1);
        assertThat(function.get(errors + 0x18, 4)).isEqualTo(0x140);
        user.config(budget + 4, 1, 0xff);
        user.config(budget + 8, 1, 0xaa);
        assertThat(function.get(budget + 4, 4)).isZero();
        assertThat(function.get(budget + 8, 4)).isEqualTo(0xaa);
        user.config(resizable + 8, 4, 0x1f00);
        assertThat(function.get(resizable + 8, 4)).isEqualTo(0x20);
    }

    @Test
    @Spec("P-123")
    void shouldLeaveExtendedSpaceRawWithoutCapabilities() {
        function.express(true);
        function.permit(0x200, 4, -1);
        var user = User.of(function);
        user.config(0x200, 4, 0xbeef);
        assertThat(function.get(0x200, 4)).isEqualTo(0xbeef);
    }

    @Test
    @Spec("P-124")
    void shouldShowEmptyListWhenAllExtendedCapabilitiesAreHidden() {
        function.express(true);
        function.extended(PASID, 0x100);
        function.extended(0x3a, 0x140);
        assertThat(User.of(function).config(0x100, 4)).isZero();
    }

    @Test
    @Spec({"P-127", "P-129"})
    void shouldProtectVirtualFunctionSwitchAndPassVendorBodies() {
        function.express(true);
        int sriov = function.extended(CapabilityId.EXT_SR_IOV, 0x100);
        int vendor = function.extended(CapabilityId.EXT_DESIGNATED_VENDOR, 0x180);
        function.permit(sriov + 8, 2, 0xffff);
        function.set(vendor + 4, 4, 0x010 << 20);
        function.permit(vendor + 8, 4, -1);
        var user = User.of(function);
        user.config(sriov + 8, 2, 1);
        assertThat(function.get(sriov + 8, 2)).isZero();
        user.config(vendor + 8, 4, 0x1234);
        assertThat(function.get(vendor + 8, 4)).isEqualTo(0x1234);
    }
}
