// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.host.embedded.EmbeddedHostProvider;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;

/** The driver on the embedded machine's own functions. */
class EmbeddedEduTest {
    private static final String EDU = "0000:00:05.0";
    private static final String EDU_EXPRESS = "0000:03:00.0";
    private static final int LIVENESS = 0x04;
    private static final int RAISE = 0x60;
    private static final int ACKNOWLEDGE = 0x64;

    private final PhysicalMemory memory = new FrameTable();
    private final Host host = new EmbeddedHostProvider().start(new HostEnvironment() {
        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public Optional<Path> machine() {
            return Optional.empty();
        }
    });

    @AfterEach
    void powerOff() {
        host.close();
    }

    private BusDevice function(String name) {
        return host.buses().stream()
                .flatMap(bus -> bus.devices().stream())
                .filter(device -> device.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the default machine has no " + name));
    }

    @Test
    @Spec({"P-038", "P-157", "P-158", "P-192", "P-195"})
    void shouldDescribeTheEdu() {
        var user = User.of(function(EDU));
        assertThat(user.device.info().flags()).isEqualTo(VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI);
        assertThat(user.device.regionInfo(0).size()).isEqualTo(0x100000);
        assertThat(user.device.irqInfo(0).flags()).isEqualTo(7);
        assertThat(user.device.irqInfo(1).count()).isOne();
        assertThat(user.device.irqInfo(2).count()).isZero();
        User.refused(Errno.EINVAL, () -> user.device.irqInfo(3));
        User.refused(Errno.EINVAL, user.device::reset);
    }

    @Test
    @Spec({"P-024", "P-073", "P-079", "P-131", "P-132"})
    void shouldReachTheEdusRegisters() {
        var user = User.of(function(EDU));
        assertThat(user.config(PciRegister.COMMAND, 2) & 6).isEqualTo(PciRegister.COMMAND_MEMORY);
        assertThat(user.read(0, 0, 4)).containsExactly(0xed, 0, 0, 1);
        user.write(0, LIVENESS, 0, 0, 0, 0x80);
        assertThat(user.read(0, LIVENESS, 4)).containsExactly(-1, -1, -1, 0x7f);
        assertThat(user.read(0, 0x100000 - 2, 8)).hasSize(2);
        User.refused(Errno.EINVAL, () -> user.read(0, 0x100000, 1));
        user.config(PciRegister.BAR0, 4, -1);
        assertThat(user.config(PciRegister.BAR0, 4)).isEqualTo(0xfff00000);
        user.config(PciRegister.COMMAND, 2, 0);
        User.refused(Errno.EIO, () -> user.read(0, 0, 4));
    }

    @Test
    @Spec({"P-167", "P-168", "P-169", "P-171", "P-172"})
    void shouldDeliverTheEdusLine() {
        var user = User.of(function(EDU));
        var event = new FakeEvent();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_INTX_DISABLE);
        user.irqs(0, User.TRIGGER, 0, 1, User.events(User.slot(event)));
        user.write(0, RAISE, 1, 0, 0, 0);
        assertThat(event.take()).as("disabled in COMMAND").isZero();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        assertThat(event.take()).isEqualTo(1);
        user.write(0, RAISE, 1, 0, 0, 0);
        assertThat(event.take()).as("masked since").isZero();
        user.irqs(0, User.UNMASK, 0, 1, User.NONE);
        assertThat(event.take()).as("still asserted").isEqualTo(1);
        user.write(0, ACKNOWLEDGE, 1, 0, 0, 0);
        user.irqs(0, User.UNMASK, 0, 1, User.NONE);
        assertThat(event.take()).isZero();
        user.write(0, RAISE, 1, 0, 0, 0);
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec({"P-031", "P-115", "P-120"})
    void shouldDeliverTheEdusMessageUntilClosed() {
        var vfio = new FakeVfio();
        var opened = vfio.probe(function(EDU));
        var user = new User(opened.open());
        var event = new FakeEvent();
        int control = 0x42;
        assertThat(user.config(control, 2)).isEqualTo(0x80);
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_MASTER);
        assertThat(user.irqs(1, User.TRIGGER, 0, 1, User.events(User.slot(event))))
                .isZero();
        assertThat(user.config(control, 2)).isEqualTo(0x80);
        user.write(0, RAISE, 1, 0, 0, 0);
        assertThat(event.take()).isEqualTo(1);
        opened.close();
        var next = new User(opened.open());
        next.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_MASTER);
        next.write(0, RAISE, 1, 0, 0, 0);
        assertThat(event.take()).isZero();
    }

    @Test
    @Spec({"P-037", "P-055", "P-110", "P-193"})
    void shouldResetTheExpressEdu() {
        var user = User.of(function(EDU_EXPRESS));
        assertThat(user.device.info().flags() & VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET)
                .isNotZero();
        assertThat(user.device.info().regions()).isEqualTo(9);
        assertThat(user.device.info().irqs()).isEqualTo(5);
        assertThat(user.device.regionInfo(7).size()).isEqualTo(4096);
        user.write(0, LIVENESS, 1, 0, 0, 0);
        user.device.reset();
        assertThat(user.read(0, LIVENESS, 4)).containsExactly(0, 0, 0, 0);
        user.write(0, LIVENESS, 1, 0, 0, 0);
        int express = capability(user, CapabilityId.EXPRESS);
        user.config(express + 8, 2, 0x8000);
        assertThat(user.config(express + 8, 2) & 0x8000).isZero();
        assertThat(user.read(0, LIVENESS, 4)).containsExactly(0, 0, 0, 0);
        assertThat(user.config(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY)
                .isNotZero();
    }

    private static int capability(User user, int id) {
        int at = user.config(PciRegister.CAPABILITIES, 1);
        while (at != 0 && user.config(at, 1) != id) {
            at = user.config(at + 1, 1);
        }
        assertThat(at).as("capability 0x%x", id).isNotZero();
        return at;
    }

    @Test
    @Spec({"P-005", "P-015", "P-016"})
    void shouldRefuseBridgesAndGroupSlotsAndBuses() {
        var vfio = new FakeVfio();
        User.refused(Errno.EINVAL, () -> vfio.probe(function("0000:00:10.0")));
        assertThat(vfio.probe(function("0000:01:00.0")).deviceSet())
                .isSameAs(vfio.probe(function("0000:01:00.1")).deviceSet());
        assertThat(vfio.probe(function("0000:04:01.0")).deviceSet())
                .isSameAs(vfio.probe(function("0000:04:02.0")).deviceSet());
        assertThat(vfio.probe(function(EDU)).deviceSet())
                .isNotSameAs(vfio.probe(function("0000:00:06.0")).deviceSet());
    }
}
