// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovControl;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Virtual functions as hardware and the machine's host show them, on the machine of {@code machines/sriov.json}. */
class VirtualFunctionsTest {
    private static final String PF = "06:00.0";
    private static final String VF0 = "06:00.1";
    private static final String VF1 = "06:00.2";
    private static final String CARD = "07:00.0";
    private static final String SHARING = "08:00.0";
    private static final int SRIOV = 0x180;
    private static final int PAGE = 4096;
    private static final long IOVA = 1 << 20;

    private final BootedMachine machine = BootedMachine.from(Path.of("../machines/sriov.json"));

    @AfterEach
    void switchOff() {
        machine.close();
    }

    private SriovControl sriov(String address) {
        return requireNonNull(machine.function(address).sriov());
    }

    private Bus bus() {
        return machine.host().buses().getFirst();
    }

    private List<String> names() {
        return bus().devices().stream().map(BusDevice::name).toList();
    }

    private List<Integer> groups() {
        return machine.host().groups().stream().map(IommuGroup::id).toList();
    }

    private static void refused(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void shouldAppearOnBusAndVanish() {
        var before = names();
        var groups = groups();
        sriov(PF).enable(2);
        assertThat(names()).contains("0000:" + VF0, "0000:" + VF1).isSorted();
        assertThat(machine.function(PF).bus().functions())
                .extracting(PciFunction::name)
                .containsExactly("0000:" + PF, "0000:" + VF0, "0000:" + VF1);
        var vf = machine.function(VF0);
        assertThat(vf.physicalFunction()).isSameAs(machine.function(PF));
        assertThat(vf.sriov()).isNull();
        assertThat(vf.sysfsPath()).endsWith("/0000:00:10.0/0000:06:00.1");
        assertThat(sriov(PF).virtualFunctions()).containsExactly(vf, machine.function(VF1));
        assertThat(sriov(PF).numVfs()).isEqualTo(2);
        assertThat(groups()).hasSize(groups.size() + 2);
        sriov(PF).disable();
        assertThat(names()).isEqualTo(before);
        assertThat(groups()).isEqualTo(groups);
        assertThat(sriov(PF).numVfs()).isZero();
        assertThat(machine.function(PF).bus().functions()).hasSize(1);
        assertThat(vf.readConfig(4, 4)).as("registers of one that is no more").isEqualTo(-1);
        assertThat(vf.readConfig(4, 1)).isEqualTo(0xff);
        assertThat(vf.readBar(0, 0, 4)).isEqualTo(0xffff_ffffL);
        vf.writeConfig(4, 2, 4);
        sriov(PF).disable();
        sriov(PF).enable(4);
        assertThat(names()).hasSize(before.size() + 4);
    }

    @Test
    void shouldRefuseWrongNumbers() {
        refused(Errno.EINVAL, () -> sriov(PF).enable(0));
        refused(Errno.EINVAL, () -> sriov(PF).enable(5));
        sriov(PF).enable(1);
        refused(Errno.EINVAL, () -> sriov(PF).enable(2));
        assertThat(sriov(PF).numVfs()).isEqualTo(1);
    }

    @Test
    void shouldShowTheHardwaresView() {
        var pf = machine.function(PF);
        assertThat(pf.readConfig(SRIOV, 4) & 0xffff).isEqualTo(0x0010);
        assertThat(pf.readConfig(SRIOV + 0x8, 2)).as("control").isZero();
        assertThat(pf.readConfig(SRIOV + 0x0e, 2)).as("TotalVFs").isEqualTo(4);
        sriov(PF).enable(3);
        assertThat(pf.readConfig(SRIOV + 0x8, 2)).as("VF Enable and VF MSE").isEqualTo(0x9);
        assertThat(pf.readConfig(SRIOV + 0x10, 2)).as("NumVFs").isEqualTo(3);
        pf.writeConfig(SRIOV + 0x8, 2, 0);
        assertThat(pf.readConfig(SRIOV + 0x8, 2)).as("only the host changes it").isEqualTo(0x9);
        var vf = machine.function(VF1);
        assertThat(vf.readConfig(0, 4)).as("ids").isEqualTo(-1);
        assertThat(vf.vendorId()).isEqualTo(0x1234);
        assertThat(vf.deviceId()).isEqualTo(0x11ea);
        assertThat(vf.readConfig(0x3d, 1)).as("interrupt pin, wrongly").isEqualTo(1);
        refused(Errno.EBUSY, () -> vf.enableIntx(() -> {}));
        vf.writeConfig(4, 2, 0xffff);
        assertThat(vf.readConfig(4, 2)).as("COMMAND has a bus master bit only").isEqualTo(4);
        vf.writeConfig(0x10, 4, -1);
        assertThat(vf.readConfig(0x10, 4)).as("BAR 0").isZero();
        long bars = pf.readConfig(SRIOV + 0x24, 4) & 0xffff_fff0L;
        assertThat(vf.resource(0).start()).isEqualTo(bars + (1 << 20));
        assertThat(vf.resource(0).wide()).isTrue();
        vf.writeConfig(4, 2, 0);
        vf.writeBar(0, 4, 4, 0x12345678);
        assertThat(vf.readBar(0, 4, 4)).as("memory is always on").isEqualTo(0xedcba987L);
        assertThat(vf.resetMethods()).containsExactly("flr");
        sriov(PF).disable();
        assertThat(pf.readConfig(SRIOV + 0x8, 2)).isZero();
        assertThat(pf.readConfig(SRIOV + 0x10, 2)).isZero();
    }

    @Test
    void shouldLieWithinTheWindowOfTheirBridge() {
        sriov(CARD).enable(4);
        var bridge = machine.function("00:11.0");
        long first = (bridge.readConfig(0x20, 2) & 0xfff0L) << 16;
        long last = (bridge.readConfig(0x22, 2) & 0xfff0L) << 16 | 0xfffff;
        for (var vf : sriov(CARD).virtualFunctions()) {
            var bar = vf.resource(0);
            assertThat(bar.length()).isEqualTo(16 << 10);
            assertThat(bar.start()).as("BAR 0 of %s", vf.name()).isBetween(first, last + 1 - bar.length());
        }
    }

    @Test
    void shouldTranslateForEachByItself() {
        sriov(PF).enable(2);
        assertThat(machine.group(VF0).id())
                .isNotEqualTo(machine.group(VF1).id())
                .isNotEqualTo(machine.group(PF).id());
        assertThat(machine.group(VF0).devices()).containsExactly(machine.function(VF0));
        var memory = machine.user().allocate(PAGE);
        machine.map(VF0, IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        carry(VF0);
        assertThat(faulted(VF0)).isFalse();
        carry(VF1);
        assertThat(faulted(VF1)).isTrue();
        carry(PF);
        assertThat(faulted(PF)).isTrue();
    }

    private void carry(String address) {
        var function = machine.function(address);
        function.writeConfig(4, 2, 6);
        function.writeBar(0, 0x80, 8, 0x40000);
        function.writeBar(0, 0x88, 8, IOVA);
        function.writeBar(0, 0x90, 8, 16);
        function.writeBar(0, 0x98, 8, 3);
        while ((function.readBar(0, 0x98, 4) & 1) != 0) {
            Thread.onSpinWait();
        }
    }

    private boolean faulted(String address) {
        return (machine.function(address).readBar(0, 0x20, 4) & 0x100) != 0;
    }

    @Test
    void shouldShareTheGroupWithoutIsolation() {
        var before = groups();
        sriov(SHARING).enable(2);
        assertThat(groups()).isEqualTo(before);
        assertThat(machine.group(SHARING).devices()).hasSize(3);
        sriov(SHARING).disable();
        assertThat(machine.group(SHARING).devices()).containsExactly(machine.function(SHARING));
    }

    @Test
    void shouldTellListenersWhileTheyAreThere() throws Exception {
        var heard = new ArrayList<String>();
        var listening = bus().listen(new Recorder(heard));
        sriov(PF).enable(1);
        sriov(PF).disable();
        assertThat(heard)
                .containsExactly("added 0000:06:00.1 true", "removing 0000:06:00.1 true", "removed 0000:06:00.1 false");
        listening.close();
        sriov(PF).enable(1);
        assertThat(heard).hasSize(3);
    }

    private final class Recorder implements Bus.Listener {
        private final List<String> heard;

        private Recorder(List<String> heard) {
            this.heard = heard;
        }

        private void note(String what, BusDevice device) {
            heard.add(what + " " + device.name() + " " + bus().devices().contains(device));
        }

        @Override
        public void added(BusDevice device) {
            note("added", device);
        }

        @Override
        public void removing(BusDevice device) {
            note("removing", device);
        }

        @Override
        public void removed(BusDevice device) {
            note("removed", device);
        }
    }

    @Test
    void shouldTakeAllAwayWhenOneCannotCome() throws Exception {
        var before = names();
        var groups = groups();
        var removed = new ArrayList<String>();
        var failing = bus().listen(new Bus.Listener() {
            @Override
            public void added(BusDevice device) {
                if (device.name().equals("0000:06:00.3")) {
                    throw new VfioException(Errno.ENOSPC, "no room for a third");
                }
            }

            @Override
            public void removing(BusDevice device) {
                removed.add(device.name());
            }
        });
        refused(Errno.ENOSPC, () -> sriov(PF).enable(4));
        assertThat(removed).containsExactly("0000:06:00.3", "0000:06:00.2", "0000:06:00.1");
        assertThat(names()).isEqualTo(before);
        assertThat(groups()).isEqualTo(groups);
        assertThat(sriov(PF).numVfs()).isZero();
        assertThat(machine.function(PF).readConfig(SRIOV + 0x8, 2)).isZero();
        assertThat(machine.function(PF).bus().functions()).hasSize(1);
        failing.close();
        sriov(PF).enable(4);
        assertThat(sriov(PF).numVfs()).isEqualTo(4);
    }

    @Test
    void shouldBeResetWithThePhysicalFunction() {
        sriov(PF).enable(1);
        var vf = machine.function(VF0);
        vf.writeConfig(4, 2, 4);
        vf.writeBar(0, 4, 4, 7);
        machine.function(PF).resetFunction();
        assertThat(machine.function(PF).readConfig(SRIOV + 0x10, 2))
                .as("NumVFs")
                .isEqualTo(1);
        assertThat(vf.readConfig(4, 2)).as("bus master").isZero();
        assertThat(vf.readBar(0, 4, 4)).as("a register").isZero();
        vf.writeConfig(4, 2, 4);
        vf.writeBar(0, 4, 4, 7);
        vf.resetFunction();
        assertThat(vf.readConfig(4, 2))
                .as("bus master after a reset of its own")
                .isEqualTo(4);
        assertThat(vf.readBar(0, 4, 4))
                .as("a register after a reset of its own")
                .isZero();
    }

    @Test
    void shouldSayWhenNothingIsKnownOfThem() {
        var pf = (EmbeddedFunction) machine.function(PF);
        var unknown = new VirtualFunctions(pf, SRIOV, null, new PciTopology(List.of()));
        assertThat(unknown.totalVfs()).isEqualTo(4);
        refused(Errno.ENOMEM, () -> unknown.enable(1));
        unknown.disable();
        assertThat(pf.readConfig(SRIOV + 0x8, 2)).isZero();
    }
}
