// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;

class LifecycleTest {
    private static final int RESET_AND_PCI =
            VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET | VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI;

    private final FakeFunction function = FakeFunction.plain();
    private final FakeVfio vfio = new FakeVfio();

    @AfterEach
    void close() {
        function.close();
    }

    @Test
    void shouldBeFoundAsAService() {
        assertThat(ServiceLoader.load(BusDriverProvider.class)).anySatisfy(provider -> {
            assertThat(provider.name()).isEqualTo("vfio-pci");
            assertThat(provider.bus()).isEqualTo("pci");
        });
    }

    @Test
    @Spec("P-005")
    void shouldRefuseBridges() {
        function.set(PciRegister.HEADER_TYPE, 1, 0x81);
        User.refused(Errno.EINVAL, () -> vfio.probe(function));
        assertThat(vfio.live).isZero();
    }

    @Test
    @Spec("P-006")
    void shouldRefuseTheDenylistUnlessDisabled() {
        function.set(PciRegister.VENDOR_ID, 2, 0x8086);
        function.set(PciRegister.DEVICE_ID, 2, 0x0435);
        User.refused(Errno.EINVAL, () -> vfio.probe(function));
        vfio.options.put("disable_denylist", "Y");
        assertThat(vfio.probe(function).pci()).isNotNull();
    }

    @Test
    @Spec("P-007")
    void shouldRefusePhysicalFunctionWithVirtualOnes() {
        try (var physical = FakeFunction.express()) {
            int at = physical.extended(CapabilityId.EXT_SR_IOV, 0x100);
            physical.set(at + 8, 2, 1);
            User.refused(Errno.EBUSY, () -> vfio.probe(physical));
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenRegistrationIsRefused() {
        vfio.registerFailure = Errno.EINVAL;
        User.refused(Errno.EINVAL, () -> vfio.probe(function));
        assertThat(vfio.live).isZero();
    }

    @Test
    @Spec({"P-015", "P-016", "P-019"})
    void shouldShareTheSetOfASlotOrABus() {
        var bus = new FakeFunction.FakeBus(false, true);
        var slot = new FakeFunction.FakeBus(false, true);
        try (var first = new FakeFunction(bus, 0, 256);
                var second = new FakeFunction(bus, 1, 256);
                var third = new FakeFunction(bus, 8, 256);
                var fourth = new FakeFunction(bus, 16, 256)) {
            first.slot = slot;
            second.slot = slot;
            assertThat(vfio.probe(first).deviceSet())
                    .isSameAs(vfio.probe(second).deviceSet());
            assertThat(vfio.registered.getFirst().deviceSet().key()).isSameAs(slot);
            assertThat(vfio.probe(third).deviceSet())
                    .isSameAs(vfio.probe(fourth).deviceSet());
            assertThat(vfio.registered.getLast().deviceSet().key()).isSameAs(bus);
        }
    }

    @Test
    @Spec({"P-017", "P-018"})
    void shouldBeAloneOnARootBusAndAsVirtualFunction() {
        try (var neighbour = new FakeFunction(function.bus, 8, 256);
                var physical = FakeFunction.express();
                var first = new FakeFunction(physical.bus, 1, 256);
                var second = new FakeFunction(physical.bus, 2, 256)) {
            first.physical = physical;
            second.physical = physical;
            assertThat(vfio.probe(function).deviceSet())
                    .isNotSameAs(vfio.probe(neighbour).deviceSet());
            assertThat(java.util.List.of(
                            vfio.probe(physical).deviceSet(),
                            vfio.probe(first).deviceSet(),
                            vfio.probe(second).deviceSet()))
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    @Spec("P-020")
    void shouldLatchOptionsAtProbe() {
        var device = vfio.probe(function);
        vfio.options.put("nointxmask", "Y");
        var user = new User(device.open());
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_INTX_DISABLE);
        assertThat(function.get(PciRegister.COMMAND, 2) & PciRegister.COMMAND_INTX_DISABLE)
                .as("the old value: hardware's bit is used")
                .isNotZero();
    }

    @Test
    @Spec("P-022")
    void shouldFailToOpenALockedFunction() {
        var device = vfio.probe(function);
        function.resetFailure = Errno.EAGAIN;
        User.refused(Errno.EAGAIN, device::open);
        User.refused(Errno.EINVAL, () -> device.pci().info());
        function.resetFailure = null;
        assertThat(device.open().info().flags()).isEqualTo(RESET_AND_PCI);
    }

    @Test
    @Spec({"P-023", "P-038", "P-192"})
    void shouldOpenWithoutResetButOfferNone() {
        function.resetFailure = Errno.EIO;
        var device = vfio.probe(function).open();
        assertThat(device.info().flags()).isEqualTo(VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI);
        User.refused(Errno.EINVAL, device::reset);
    }

    @Test
    @Spec("P-037")
    void shouldDescribeItself() {
        var info = vfio.probe(function).open().info();
        assertThat(info.flags()).isEqualTo(RESET_AND_PCI);
        assertThat(info.regions()).isEqualTo(9);
        assertThat(info.irqs()).isEqualTo(5);
    }

    @Test
    @Spec("P-024")
    void shouldDecodeWithoutMasteringAfterOpen() {
        function.set(PciRegister.COMMAND, 2, PciRegister.COMMAND_MASTER);
        var user = User.of(function);
        assertThat(user.config(PciRegister.COMMAND, 2)).isEqualTo(PciRegister.COMMAND_MEMORY);
    }

    @Test
    @Spec("P-025")
    void shouldShowTheFirstConfigurationToTheNextUser() {
        function.set(PciRegister.COMMAND, 2, 0x0100);
        var device = vfio.probe(function);
        var user = new User(device.open());
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MASTER | PciRegister.COMMAND_MEMORY);
        user.config(PciRegister.CACHE_LINE, 1, 0x10);
        user.config(PciRegister.BAR0, 4, 0x12300000);
        user.config(PciRegister.INTERRUPT_LINE, 1, 9);
        device.close();
        var next = new User(device.open());
        assertThat(next.config(PciRegister.COMMAND, 2)).isEqualTo(0x0102);
        assertThat(next.config(PciRegister.CACHE_LINE, 1)).isZero();
        assertThat(next.config(PciRegister.BAR0, 4)).isEqualTo(0xfe000000);
        assertThat(next.config(PciRegister.INTERRUPT_LINE, 1)).isEqualTo(0x0b);
    }

    @Test
    @Spec({"P-027", "P-031", "P-032"})
    void shouldLetGoOfEverythingAtClose() {
        function.msi(0, true, false);
        var device = vfio.probe(function);
        var user = new User(device.open());
        var interrupt = new FakeEvent();
        var request = new FakeEvent();
        var doorbell = new FakeEvent();
        user.irqs(1, User.TRIGGER, 0, 1, User.events(User.slot(interrupt)));
        user.irqs(4, User.TRIGGER, 0, 1, User.events(User.slot(request)));
        new IoEventCall(user).add(0, 4, 4, doorbell);
        device.close();
        assertThat(function.vectorsEnabled()).isFalse();
        assertThat(function.requested).isEmpty();
        assertThat(doorbell.listeners()).isZero();
        function.accesses.clear();
        doorbell.signal();
        assertThat(function.accesses).isEmpty();
        device.open();
        device.pci().request(1);
        assertThat(request.take()).isZero();
        function.raiseVector(0);
        assertThat(interrupt.take()).isZero();
    }

    @Test
    @Spec("P-033")
    void shouldWakeAtClose() {
        int at = function.power(true);
        var device = vfio.probe(function);
        new User(device.open()).config(at + 4, 2, PowerState.D3_HOT);
        device.close();
        assertThat(function.get(at + 4, 2) & 3).isEqualTo(PowerState.D0);
        assertThat(new User(device.open()).read(0, 0, 4)).hasSize(4);
    }

    @Test
    @Spec({"P-028", "P-029", "P-030"})
    void shouldResetTheBusAfterTheLastOfItsFunctionsIsClosed() {
        var bus = new FakeFunction.FakeBus(false, true);
        try (var first = new FakeFunction(bus, 8, 256);
                var second = new FakeFunction(bus, 16, 256)) {
            first.resetFailure = Errno.ENOTTY;
            second.resetFailure = Errno.ENOTTY;
            var one = vfio.probe(first);
            one.open();
            one.close();
            assertThat(bus.resets).as("the other is not ours").isZero();
            var other = vfio.probe(second);
            other.open();
            one.open();
            one.close();
            assertThat(bus.resets).as("the other is open").isZero();
            other.close();
            assertThat(bus.resets).isEqualTo(1);
            assertThat(one.pci().needsReset()).isFalse();
        }
    }

    @Test
    @Spec({"P-193", "P-194"})
    void shouldResetOnRequest() {
        var user = User.of(function);
        user.write(0, 0, 7);
        user.device.reset();
        assertThat(user.read(0, 0, 1)).containsExactly(0);
        assertThat(user.config(PciRegister.COMMAND, 2)).isEqualTo(PciRegister.COMMAND_MEMORY);
        function.resetFailure = Errno.EAGAIN;
        User.refused(Errno.EAGAIN, user.device::reset);
    }

    @Test
    @Spec({"P-195", "P-203"})
    void shouldHaveNoBusResetOnARootBus() {
        var call = new IoEventCall(User.of(function));
        call.struct.set(org.vfio4j.uapi.struct.UapiLayouts.U32, 0, 12);
        User.refused(Errno.ENODEV, () -> call.ioctl(VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO));
        call.struct.set(org.vfio4j.uapi.struct.UapiLayouts.U32, 4, 1);
        User.refused(Errno.EINVAL, () -> call.ioctl(VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET));
        call.struct.set(org.vfio4j.uapi.struct.UapiLayouts.U32, 0, 11);
        call.struct.set(org.vfio4j.uapi.struct.UapiLayouts.U32, 4, 0);
        User.refused(Errno.EINVAL, () -> call.ioctl(VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET));
        User.refused(Errno.EINVAL, () -> call.ioctl(VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO));
    }

    @Test
    void shouldRefuseUnknownCalls() {
        var call = new IoEventCall(User.of(function));
        User.refused(Errno.ENOTTY, () -> call.ioctl(0x3bff));
        User.refused(Errno.ENOTTY, () -> call.ioctl(VfioIoctl.VFIO_GROUP_GET_STATUS));
    }

    @Test
    @Spec({"P-217", "P-219"})
    void shouldRefuseFeaturesItDoesNotHave() {
        var user = User.of(function);
        var call = new IoEventCall(user);
        for (int feature : new int[] {
            VfioFeature.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
            VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION,
            VfioFeature.VFIO_DEVICE_FEATURE_BUS_MASTER,
            99
        }) {
            User.refused(
                    Errno.ENOTTY,
                    () -> user.device.feature(call, feature | VfioFeature.VFIO_DEVICE_FEATURE_PROBE, 0, 64));
        }
    }

    @Test
    @Spec({"P-221", "P-222", "P-224", "C-095"})
    void shouldKeepMappingsAwayInLowPower() {
        function.bar(1, 0x1000, true);
        var user = User.of(function);
        var call = new IoEventCall(user);
        int set = VfioFeature.VFIO_DEVICE_FEATURE_SET;
        int entry = VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY | set;
        int exit = VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT | set;
        try (var mapping = user.device.mmap(RegionOffset.of(1), 0x1000, 3, true)) {
            assertThat(user.device.feature(call, entry, 0, 0)).isZero();
            User.refused(Errno.EINVAL, () -> user.device.feature(call, entry, 0, 0));
            assertThatThrownBy(mapping::segment).isInstanceOf(IllegalStateException.class);
            assertThat(user.read(0, 0, 4)).hasSize(4);
            assertThat(user.device.feature(call, exit, 0, 0)).isZero();
            assertThat(user.device.feature(call, exit, 0, 0)).isZero();
            assertThat(mapping.segment().byteSize()).isEqualTo(0x1000);
        }
    }

    @Test
    @Spec({"P-223", "C-095"})
    void shouldTellOfTheFirstWakeUpAndEndLowPowerByItself() {
        function.bar(1, 0x1000, true);
        var user = User.of(function);
        var call = new IoEventCall(user);
        var event = new FakeEvent();
        int entry = VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP | VfioFeature.VFIO_DEVICE_FEATURE_SET;
        var power = user.device.power();
        try (var mapping = user.device.mmap(RegionOffset.of(1), 0x1000, 3, true)) {
            power.get();
            call.struct.set(UapiLayouts.S32, 0, -1);
            User.refused(Errno.EINVAL, () -> user.device.feature(call, entry, 0, 8));
            call.struct.set(UapiLayouts.S32, 0, 99);
            User.refused(Errno.EBADF, () -> user.device.feature(call, entry, 0, 8));
            call.struct.set(UapiLayouts.S32, 0, call.file(event));
            User.refused(Errno.EINVAL, () -> user.device.feature(call, entry, 0, 7));
            assertThat(user.device.feature(call, entry, 0, 8)).isZero();
            User.refused(Errno.EINVAL, () -> user.device.feature(call, entry, 0, 8));
            assertThat(event.take()).as("signals while it is awake").isZero();
            power.put();
            assertThatThrownBy(mapping::segment).isInstanceOf(IllegalStateException.class);
            assertThat(user.read(0, 0, 4)).hasSize(4);
            assertThat(event.take()).as("signals by the first wake-up").isEqualTo(1);
            assertThat(mapping.segment().byteSize()).isEqualTo(0x1000);
            assertThat(user.read(0, 0, 4)).hasSize(4);
            assertThat(event.take()).as("signals later").isZero();
            assertThat(user.device.feature(call, entry, 0, 8)).as("a new entry").isZero();
        }
    }

    @Test
    @Spec("P-237")
    void shouldMatchItsNameWithOptions() {
        var device = vfio.probe(function).pci();
        var own = function.name();
        var token = " vf_token=01234567-89ab-cdef-0123-456789abcdef";
        assertThat(device.nameMatch().matches(own)).isTrue();
        assertThat(device.nameMatch().matches(own + "  ")).isTrue();
        assertThat(device.nameMatch().matches(own + "x")).isFalse();
        assertThat(device.nameMatch().matches("0000:00:06.0")).isFalse();
        for (var options : new String[] {
            " foo", " vf_token=0123", " vf_token=0123456789ab-cdef-0123-456789abcdef-----", token, token + token
        }) {
            User.refused(Errno.EINVAL, () -> device.nameMatch().matches(own + options));
        }
    }
}
