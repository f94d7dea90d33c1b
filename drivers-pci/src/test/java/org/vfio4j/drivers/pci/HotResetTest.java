// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.VfioGroupFile;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioPciHotReset;

/** Hot reset where hardware has to be odd: virtual functions, bridges below, functions in use or asleep, failing resets. */
@Timeout(60)
class HotResetTest {
    private static final VfioGroupFile ALL = member -> true;

    private final FakeVfio vfio = new FakeVfio();
    private final FakeFunction.FakeBus bus = new FakeFunction.FakeBus(false, true);
    private final FakeFunction first = new FakeFunction(bus, 0, 256).bar(0, 0x1000, true);
    private final FakeFunction second = new FakeFunction(bus, 1, 256).bar(0, 0x1000, true);
    private final List<FakeFunction> more = new ArrayList<>();

    @AfterEach
    void close() {
        first.close();
        second.close();
        more.forEach(FakeFunction::close);
    }

    private FakeFunction another(FakeFunction.FakeBus on, int devfn) {
        var function = new FakeFunction(on, devfn, 256);
        more.add(function);
        return function;
    }

    private static void reset(FakeVfio.FakeDevice device) {
        device.pci().hotReset().reset(List.of(ALL));
    }

    @Test
    @Spec("P-205")
    void shouldTakeMappingsAwayAndGiveThemBack() {
        var one = new User(vfio.probe(first).open());
        var other = vfio.probe(second);
        other.open();
        one.write(0, 8, 1, 2, 3, 4);
        try (var mapping = one.device.mmap(RegionOffset.of(0), 0x1000, 3, true)) {
            var before = mapping.segment();
            reset(other);
            assertThatThrownBy(() -> before.get(ValueLayout.JAVA_BYTE, 8))
                    .as("a view from before")
                    .isInstanceOf(IllegalStateException.class);
            assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 8))
                    .as("register at its reset value")
                    .isZero();
        }
        assertThat(bus.resets).isEqualTo(1);
    }

    @Test
    void shouldWakeMembersThatAreAsleepOrNotOpen() {
        int power = first.power(true);
        int closedPower = second.power(true);
        var device = vfio.probe(first);
        vfio.probe(second);
        var user = new User(device.open());
        user.config(power + 4, 2, PowerState.D3_HOT);
        second.writeConfig(closedPower + 4, 2, PowerState.D3_HOT | 0x8);
        User.refused(Errno.EIO, () -> user.read(0, 0, 4));
        reset(device);
        assertThat(first.get(power + 4, 2) & 3).isEqualTo(PowerState.D0);
        assertThat(second.get(closedPower + 4, 2) & 3).as("nobody has it open").isEqualTo(PowerState.D0);
        assertThat(user.read(0, 0, 4)).as("accessible again").hasSize(4);
    }

    @Test
    @Spec("P-207")
    void shouldRefuseAPhysicalFunctionWithVirtualOnesAndTheseToo() {
        second.physical = first;
        var physical = vfio.probe(first);
        var virtual = vfio.probe(second);
        physical.open();
        virtual.open();
        for (var device : List.of(physical, virtual)) {
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> reset(device))
                    .withMessageContaining(device == physical ? second.name() : first.name())
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
        assertThat(bus.resets).isZero();
    }

    @Test
    void shouldRefuseWhatReachesBelowABridge() {
        var lower = new FakeFunction.FakeBus(false, true);
        var bridge = another(bus, 8);
        bus.below.add(another(lower, 0));
        var one = vfio.probe(first);
        vfio.probe(second);
        one.open();
        User.refused(Errno.EINVAL, () -> reset(one));
        vfio.probe(bridge);
        User.refused(Errno.EINVAL, () -> reset(one));
        vfio.probe((FakeFunction) bus.below.getFirst());
        User.refused(Errno.EINVAL, () -> reset(one));
        bus.below.clear();
        reset(one);
        assertThat(bus.resets).isEqualTo(1);
    }

    /** One function's register access is held up while the other one asks. */
    @Test
    @Spec("P-208")
    void shouldBeBusyWhileAMembersMemoryIsInUseAndLetGoOfEverything() throws Exception {
        var one = vfio.probe(first);
        var other = vfio.probe(second);
        one.open();
        var slow = new User(other.open());
        var inside = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        second.access = () -> {
            inside.countDown();
            awaitUninterrupted(release);
        };
        var access = CompletableFuture.runAsync(() -> slow.read(0, 0, 4));
        inside.await();
        User.refused(Errno.EBUSY, () -> reset(one));
        assertThat(bus.resets).isZero();
        assertThat(one.deviceSet().lock().isLocked()).as("the set's lock").isFalse();
        // Switching memory off and on wants the memory lock of the one that asked.
        var asking = new User(one.pci());
        asking.config(PciRegister.COMMAND, 2, 0);
        asking.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        release.countDown();
        access.get();
        second.access = () -> {};
        reset(one);
        assertThat(bus.resets).isEqualTo(1);
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldPassOnWhyTheHostCouldNotAndLetGoOfEverything() {
        var one = vfio.probe(first);
        vfio.probe(second);
        var user = new User(one.open());
        bus.resetFailure = Errno.ENOTTY;
        User.refused(Errno.ENOTTY, () -> reset(one));
        bus.resetFailure = Errno.EAGAIN;
        User.refused(Errno.EAGAIN, () -> reset(one));
        assertThat(user.read(0, 0, 4)).hasSize(4);
        user.config(PciRegister.COMMAND, 2, 0);
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        bus.resetFailure = null;
        reset(one);
        assertThat(bus.resets).isEqualTo(1);
    }

    @Test
    void shouldTellWhoeverGivesTooLittleRoomAndNoticeFunctionsThatAppear() {
        var device = vfio.probe(first);
        var reset = device.open().hotReset();
        assertThat(reset.scope("").affected()).hasSize(2);
        User.refused(Errno.EAGAIN, () -> reset.affected(bus, 1));
        User.refused(Errno.EPERM, reset::affected);
    }

    @Test
    @Spec("P-203")
    void shouldReadDescriptorsInTheKernelsOrder() {
        var device = vfio.probe(first);
        vfio.probe(second);
        var call = new IoEventCall(new User(device.open()));
        User.refused(Errno.EINVAL, () -> call(call, 11, 0, 1));
        User.refused(Errno.EINVAL, () -> call(call, 16, 1, 1));
        User.refused(Errno.EINVAL, () -> call(call, 16, 0, 0));
        User.refused(Errno.EINVAL, () -> call(call, 24, 0, 3, 90, 91, 92));
        User.refused(Errno.EINVAL, () -> call(call, 24, 0, -1, 90, 91, 92));
        int group = call.file(new GroupFileOf());
        int other = call.file(new FakeEvent());
        User.refused(Errno.EBADF, () -> call(call, 20, 0, 2, 90, other));
        User.refused(Errno.EINVAL, () -> call(call, 20, 0, 2, other, 90));
        assertThat(call(call, 16, 0, 1, group)).isZero();
        assertThat(bus.resets).isEqualTo(1);
    }

    private static long call(IoEventCall call, int argsz, int flags, int count, int... descriptors) {
        VfioPciHotReset.argsz(call.struct, argsz);
        VfioPciHotReset.flags(call.struct, flags);
        VfioPciHotReset.count(call.struct, count);
        for (int i = 0; i < descriptors.length; i++) {
            VfioPciHotReset.groupFds(call.struct, i, descriptors[i]);
        }
        return call.ioctl(VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET);
    }

    /** A group that has every device. */
    private static final class GroupFileOf implements UapiFile, VfioGroupFile {
        @Override
        public boolean has(org.vfio4j.spi.device.VfioDevice device) {
            return true;
        }

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            throw new AssertionError("not called");
        }

        @Override
        public void close() {}
    }

    @Test
    void shouldRefuseAMemberOfAGroupThatIsNotGiven() {
        var one = vfio.probe(first);
        vfio.probe(second);
        one.open();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> one.pci().hotReset().reset(List.of(member -> member == one)))
                .withMessageContaining(second.name())
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThat(bus.resets).isZero();
    }

    @Test
    void shouldWakeAMemberInLowPowerAndTellItsUser() {
        var one = vfio.probe(first);
        var sleeper = new User(one.open());
        var other = vfio.probe(second);
        other.open();
        var call = new IoEventCall(sleeper);
        var event = new FakeEvent();
        var power = sleeper.device.power();
        power.get();
        call.struct.set(UapiLayouts.S32, 0, call.file(event));
        sleeper.device.feature(
                call,
                VfioFeature.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP | VfioFeature.VFIO_DEVICE_FEATURE_SET,
                0,
                8);
        power.put();
        assertThat(event.take()).as("signals while it sleeps").isZero();
        reset(other);
        assertThat(event.take()).as("signals when it is woken for the reset").isEqualTo(1);
    }

    @Test
    void shouldNotResetAtCloseWhatReachesBelowABridge() {
        first.resetFailure = Errno.ENOTTY;
        second.resetFailure = Errno.ENOTTY;
        bus.below.add(another(new FakeFunction.FakeBus(false, true), 0));
        var one = vfio.probe(first);
        var other = vfio.probe(second);
        one.open();
        other.open();
        one.close();
        other.close();
        assertThat(bus.resets).isZero();
        bus.below.clear();
        one.open();
        one.close();
        assertThat(bus.resets).isEqualTo(1);
    }

    @Test
    void shouldResetTheSlotAfterTheLastClose() {
        var slot = new FakeFunction.FakeBus(false, true);
        for (var function : List.of(first, second)) {
            function.slot = slot;
            function.resetFailure = Errno.ENOTTY;
            slot.members.add((PciFunction) function);
        }
        var one = vfio.probe(first);
        vfio.probe(second);
        one.open();
        one.close();
        assertThat(slot.resets).isEqualTo(1);
        assertThat(bus.resets).isZero();
    }
}
