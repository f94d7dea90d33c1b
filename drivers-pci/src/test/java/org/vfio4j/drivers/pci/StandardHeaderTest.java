// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioPci;

class StandardHeaderTest {
    private static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    private final FakeFunction function = FakeFunction.plain();

    @AfterEach
    void close() {
        function.close();
    }

    @Test
    @Spec({"P-063", "P-064"})
    void shouldRefuseAccessThatLeavesConfigurationSpace() {
        var user = User.of(function);
        User.refused(Errno.EFAULT, () -> user.read(CONFIG, 0xfe, 4));
        User.refused(Errno.EFAULT, () -> user.read(CONFIG, 0x100, 1));
        assertThat(user.read(CONFIG, 0xfe, 2)).hasSize(2);
    }

    @Test
    @Spec({"P-065", "P-066"})
    void shouldCheckCountBeforeRegion() {
        var user = User.of(function);
        assertThat(user.read(9, 0, 0)).isEmpty();
        User.refused(Errno.EINVAL, () -> user.read(9, 0, 4));
    }

    @Test
    @Spec("P-067")
    void shouldReadUnalignedRangesLikeSingleBytes() {
        var user = User.of(function);
        var together = user.read(CONFIG, 1, 7);
        assertThat(together).hasSize(7);
        for (int i = 0; i < 7; i++) {
            assertThat(together[i]).as("byte %d", 1 + i).isEqualTo(user.read(CONFIG, 1 + i, 1)[0]);
        }
        assertThat(user.config(1, 1)).isEqualTo(FakeFunction.VENDOR >> 8);
    }

    @Test
    @Spec({"P-068", "P-069", "P-071"})
    void shouldDropWritesOfReadOnlyFields() {
        function.set(PciRegister.STATUS, 2, 0x2010);
        var user = User.of(function);
        user.config(PciRegister.VENDOR_ID, 2, 0xffff);
        user.config(PciRegister.STATUS, 2, 0xffff);
        user.config(PciRegister.INTERRUPT_PIN, 1, 4);
        assertThat(user.config(PciRegister.VENDOR_ID, 2)).isEqualTo(FakeFunction.VENDOR);
        assertThat(function.get(PciRegister.STATUS, 2))
                .as("no status bit was cleared")
                .isEqualTo(0x2010);
        assertThat(user.config(PciRegister.INTERRUPT_PIN, 1)).isEqualTo(1);
    }

    @Test
    @Spec("P-070")
    void shouldKeepInterruptLineInShadow() {
        var user = User.of(function);
        user.config(PciRegister.INTERRUPT_LINE, 1, 0x55);
        assertThat(user.config(PciRegister.INTERRUPT_LINE, 1)).isEqualTo(0x55);
        assertThat(function.get(PciRegister.INTERRUPT_LINE, 1)).isEqualTo(0x0b);
    }

    @Test
    @Spec("P-072")
    void shouldLetCacheLineLatencyAndBistReachHardware() {
        var user = User.of(function);
        user.config(PciRegister.CACHE_LINE, 1, 0x10);
        user.config(PciRegister.LATENCY, 1, 0x20);
        user.config(PciRegister.BIST, 1, 0x40);
        assertThat(function.get(PciRegister.CACHE_LINE, 1)).isEqualTo(0x10);
        assertThat(function.get(PciRegister.LATENCY, 1)).isEqualTo(0x20);
        assertThat(function.get(PciRegister.BIST, 1)).isEqualTo(0x40);
    }

    @Test
    @Spec({"P-073", "P-076"})
    void shouldSizeRegistersWithoutTouchingHardware() {
        var user = User.of(function);
        int hardware = function.get(PciRegister.BAR0, 4);
        user.config(PciRegister.BAR0, 4, -1);
        user.config(PciRegister.BAR0 + 4, 4, -1);
        assertThat(user.config(PciRegister.BAR0, 4)).isEqualTo(0xfff00000);
        assertThat(user.config(PciRegister.BAR0 + 4, 4)).as("unimplemented").isZero();
        assertThat(function.get(PciRegister.BAR0, 4)).isEqualTo(hardware);
    }

    @Test
    @Spec({"P-074", "P-075", "P-077"})
    void shouldSizeWideIoAndRomRegisters() {
        function.resource(1, new PciResource(0x2_0000_0000L, 1L << 33, PciResource.Kind.MEMORY, true, true), false);
        function.resource(3, new PciResource(0xe000, 32, PciResource.Kind.IO, false, false), false);
        function.resource(
                PciFunction.ROM, new PciResource(0xfeb00000L, 0x40000, PciResource.Kind.MEMORY, false, false), false);
        var user = User.of(function);
        for (int at = PciRegister.BAR0; at < PciRegister.CARDBUS_CIS; at += 4) {
            user.config(at, 4, -1);
        }
        user.config(PciRegister.ROM_BAR, 4, -1);
        assertThat(user.config(PciRegister.BAR0 + 4, 4)).as("low half").isEqualTo(0xc);
        assertThat(user.config(PciRegister.BAR0 + 8, 4)).as("high half").isEqualTo(-2);
        assertThat(user.config(PciRegister.BAR0 + 12, 4)).as("ports").isEqualTo(0xffffffe1);
        assertThat(user.config(PciRegister.ROM_BAR, 4)).isEqualTo(0xfffc0001);
    }

    @Test
    @Spec("P-078")
    void shouldSizeRomWithoutValidImage() {
        function.resource(
                PciFunction.ROM, new PciResource(0xfeb00000L, 0x10000, PciResource.Kind.MEMORY, false, false), false);
        var user = User.of(function);
        user.config(PciRegister.ROM_BAR, 4, -1);
        assertThat(user.config(PciRegister.ROM_BAR, 4)).isEqualTo(0xffff0001);
        assertThat(user.device.regionInfo(VfioPci.VFIO_PCI_ROM_REGION_INDEX).size())
                .isZero();
    }

    @Test
    @Spec({"P-079", "P-085"})
    void shouldRefuseRegisterAccessWhileDecodingIsOff() {
        var user = User.of(function);
        user.config(PciRegister.COMMAND, 2, 0);
        User.refused(Errno.EIO, () -> user.read(0, 0, 4));
        User.refused(Errno.EIO, () -> user.write(0, 0, 1, 2, 3, 4));
        assertThat(function.accesses).as("no access reached the device").isEmpty();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        user.write(0, 0, 1, 2, 3, 4);
        assertThat(user.read(0, 0, 4)).containsExactly(1, 2, 3, 4);
        // A reset nobody told us of: nothing recovers until COMMAND is written.
        function.backdoorReset();
        assertThat(user.read(0, 0, 4)).containsExactly(-1, -1, -1, -1);
    }

    @Test
    @Spec("P-081")
    void shouldReadPortsWhileDecodingIsOff() {
        function.resource(2, new PciResource(0xe000, 32, PciResource.Kind.IO, false, false), false);
        var user = User.of(function);
        user.config(PciRegister.COMMAND, 2, 0);
        assertThat(user.read(2, 0, 4)).hasSize(4);
    }

    @Test
    @Spec({"P-082", "P-083"})
    void shouldTreatTheBytesOfCommandByThemselves() {
        var user = User.of(function);
        user.config(PciRegister.COMMAND, 2, 0x0100);
        user.config(PciRegister.COMMAND, 1, PciRegister.COMMAND_MEMORY);
        assertThat(user.config(PciRegister.COMMAND, 2)).isEqualTo(0x0102);
        assertThat(user.read(0, 0, 4)).hasSize(4);
        user.config(PciRegister.COMMAND + 1, 1, 0x04);
        assertThat(user.config(PciRegister.COMMAND, 2)).isEqualTo(0x0402);
        assertThat(function.get(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY)
                .isNotZero();
        assertThat(user.read(0, 0, 4)).hasSize(4);
    }

    @Test
    @Spec("P-084")
    void shouldRestoreAddressesAfterResetBehindItsBack() {
        var user = User.of(function);
        int address = function.get(PciRegister.BAR0, 4);
        function.backdoorReset();
        assertThat(function.get(PciRegister.BAR0, 4)).isNotEqualTo(address);
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        assertThat(function.get(PciRegister.BAR0, 4)).isEqualTo(address);
        assertThat(user.read(0, 0, 4)).containsExactly(0, 0, 0, 0);
    }

    @Test
    @Spec({"P-086", "P-087", "P-088"})
    void shouldEmulateWhatVirtualFunctionsLack() {
        var physical = FakeFunction.express();
        int sriov = physical.extended(CapabilityId.EXT_SR_IOV, 0x100);
        physical.set(sriov + 0x1a, 2, 0x4321);
        var virtual = new FakeFunction(physical.bus, 9, 4096);
        virtual.physical = physical;
        virtual.bar(0, 0x4000, false);
        virtual.set(PciRegister.VENDOR_ID, 4, -1);
        virtual.set(PciRegister.BAR0, 4, 0);
        virtual.permit(PciRegister.BAR0, 4, 0);
        virtual.permit(PciRegister.COMMAND, 2, PciRegister.COMMAND_MASTER);
        try (physical;
                virtual) {
            var user = User.of(virtual);
            assertThat(user.config(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY)
                    .isNotZero();
            user.config(PciRegister.COMMAND, 2, 0);
            assertThat(user.config(PciRegister.COMMAND, 2) & PciRegister.COMMAND_MEMORY)
                    .isZero();
            assertThat(user.read(0, 0, 4)).as("still answers").containsExactly(0, 0, 0, 0);
            assertThat(user.config(PciRegister.VENDOR_ID, 4)).isEqualTo(0x4321 << 16 | FakeFunction.VENDOR);
            assertThat(user.config(PciRegister.INTERRUPT_PIN, 1)).isZero();
            user.config(PciRegister.BAR0, 4, -1);
            assertThat(user.config(PciRegister.BAR0, 4)).isEqualTo(0xffffc000);
        }
    }

    @Test
    @Spec("P-080")
    void shouldRevokeMappingsWhileDecodingIsOffAndFillThemAgain() {
        function.bar(0, 0x2000, true);
        var user = User.of(function);
        try (var mapping = user.device.mmap(0, 0x2000, 3, true)) {
            var before = mapping.segment();
            before.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 5, (byte) 42);
            user.config(PciRegister.COMMAND, 2, 0);
            assertThatThrownBy(() -> before.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 5))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(mapping::segment).isInstanceOf(IllegalStateException.class);
            user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
            assertThat(mapping.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 5))
                    .isEqualTo((byte) 42);
        }
    }
}
