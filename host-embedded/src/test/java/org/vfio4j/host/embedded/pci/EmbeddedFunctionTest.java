// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class EmbeddedFunctionTest {
    private static final int PM = 0xc8;
    private static final int MSI_X = 0xa0;
    private static final int EXPRESS = 0x60;

    private final BootedMachine machine = BootedMachine.withFunctions("""
            {"address": "00:05.0", "model": "edu"}""", """
            {"address": "00:10.0", "model": "bridge", "secondary": 1}""", """
            {"address": "01:00.0", "model": "multi"}""", """
            {"address": "01:00.1", "model": "multi"}""", """
            {"address": "00:11.0", "model": "bridge", "secondary": 2}""", """
            {"address": "02:00.0", "model": "edu-pcie"}""");
    private final PciFunction edu = machine.function("00:05.0");
    private final PciFunction card = machine.function("01:00.0");
    private final PciFunction express = machine.function("02:00.0");

    @AfterEach
    void switchOff() {
        machine.close();
    }

    @Test
    void shouldShowIdentityAndAssignedAddresses() {
        assertThat(edu.configSize()).isEqualTo(256);
        assertThat(express.configSize()).isEqualTo(4096);
        assertThat(edu.readConfig(0x00, 4)).isEqualTo(0x11e81234);
        assertThat(edu.readConfig(0x08, 4)).isEqualTo(0x00ff0010);
        assertThat(edu.readConfig(0x04, 2)).as("as firmware leaves it").isEqualTo(0x0103);
        assertThat(edu.readConfig(0x3d, 1)).as("INTA").isEqualTo(1);
        assertThat(edu.readConfig(0x10, 4) & 0xffff_ffffL)
                .isEqualTo(edu.resource(0).start());
        assertThat(card.readConfig(0x0e, 1)).as("multi-function").isEqualTo(0x80);
        assertThat(card.resource(2).kind()).isEqualTo(PciResource.Kind.IO);
        assertThat(card.readConfig(0x18, 4) & 0x3).as("a port register").isEqualTo(1);
    }

    @Test
    void shouldChangeWritableBitsOnly() {
        edu.writeConfig(0x00, 4, 0);
        assertThat(edu.readConfig(0x00, 4)).isEqualTo(0x11e81234);
        edu.writeConfig(0x04, 2, 0xffff);
        assertThat(edu.readConfig(0x04, 2)).isEqualTo(0x0547);
        edu.writeConfig(0x3c, 1, 0x55);
        assertThat(edu.readConfig(0x3c, 4) & 0xffff).isEqualTo(0x0155);
        edu.writeConfig(0x42, 2, 0xffff);
        assertThat(edu.readConfig(0x42, 2))
                .as("MSI control: enable and count, not the fixed bits")
                .isEqualTo(0x00f1);
    }

    @Test
    void shouldSizeRegistersByWritingOnes() {
        long start = edu.readConfig(0x10, 4) & 0xffff_ffffL;
        edu.writeConfig(0x10, 4, -1);
        assertThat(edu.readConfig(0x10, 4)).isEqualTo(0xfff00000);
        edu.writeConfig(0x10, 4, (int) start);
        edu.writeConfig(0x14, 4, -1);
        assertThat(edu.readConfig(0x14, 4)).as("no second register").isZero();
        card.writeConfig(0x18, 4, -1);
        assertThat(card.readConfig(0x18, 4)).as("32 ports").isEqualTo(0xffffffe1);
        card.writeConfig(0x1c, 2, 0xffff);
        assertThat(card.readConfig(0x1c, 2)).as("16 KiB, lower half only").isEqualTo(0xc000);
    }

    @Test
    void shouldDecodeOnlyWhatCommandEnables() {
        card.writeBar(0, 0x10, 4, 0x12345678);
        card.writeBar(2, 0, 2, 0xabcd);
        assertThat(card.readBar(0, 0x10, 8)).isEqualTo(0x12345678L);
        assertThat(card.readBar(0, 0x12, 2)).isEqualTo(0x1234);
        card.writeConfig(0x04, 2, 0x0001);
        assertThat(card.readBar(0, 0x10, 4)).isEqualTo(0xffff_ffffL);
        assertThat(card.readBar(2, 0, 2)).isEqualTo(0xabcd);
        card.writeBar(0, 0x10, 4, 0);
        card.writeConfig(0x04, 2, 0x0002);
        assertThat(card.readBar(0, 0x10, 4)).as("the write was lost").isEqualTo(0x12345678L);
        assertThat(card.readBar(2, 0, 2)).isEqualTo(0xffff);
        assertThat(card.readBar(0, card.resource(0).length() - 2, 4))
                .as("beyond the end")
                .isEqualTo(0xffff_ffffL);
        assertThat(card.readBar(4, 0, 4)).as("no such register").isEqualTo(0xffff_ffffL);
    }

    @Test
    void shouldShareRegisterMemoryWithMappings() {
        assertThat(card.mappableAreas(0)).containsExactly(new MappableArea(0, 128 << 10));
        card.beginMapping(0);
        try (var lifetime = Arena.ofShared()) {
            var memory = card.mapBar(0, lifetime);
            assertThat(memory).isNotNull();
            if (memory != null) {
                assertThat(memory.byteSize()).isEqualTo(128 << 10);
                assertThat(memory.address() % 4096).isZero();
                memory.set(ValueLayout.JAVA_BYTE, 5, (byte) 0x42);
                assertThat(card.readBar(0, 5, 1)).isEqualTo(0x42);
            }
        }
        card.endMapping(0);
        assertThat(card.readBar(0, 5, 1)).as("after the mapping").isEqualTo(0x42);
        assertThat(card.mappableAreas(2)).as("ports cannot be mapped").isEmpty();
        assertThat(edu.mappableAreas(0))
                .as("registers with effects cannot be mapped")
                .isEmpty();
    }

    @Test
    void shouldLoseEverythingOnTheWayOutOfD3hotWithoutNoSoftReset() {
        int bar = card.readConfig(0x10, 4);
        card.writeBar(0, 0, 4, 7);
        card.writeConfig(PM + 4, 2, 3);
        assertThat(card.readConfig(PM + 4, 2) & 3).isEqualTo(3);
        assertThat(card.readBar(0, 0, 4)).as("no decoding in D3hot").isEqualTo(0xffff_ffffL);
        assertThat(card.readConfig(0x10, 4)).as("configuration is reachable").isEqualTo(bar);
        card.writeConfig(PM + 4, 2, 0);
        assertThat(card.readConfig(0x10, 4)).isZero();
        assertThat(card.readConfig(0x04, 2)).isZero();
        card.writeConfig(0x04, 2, 2);
        assertThat(card.readBar(0, 0, 4)).isZero();
    }

    @Test
    void shouldIgnorePowerStatesItLacks() {
        express.writeConfig(0x54, 2, 1);
        assertThat(express.readConfig(0x54, 2) & 3).isZero();
        express.writeConfig(0x54, 2, 3);
        express.writeConfig(0x54, 2, 0);
        assertThat(express.readConfig(0x04, 2)).as("NoSoftReset: nothing lost").isEqualTo(0x0103);
    }

    @Test
    void shouldResetFunctionKeepingConfiguration() {
        assertThat(express.resetMethods()).containsExactly("flr", "bus");
        assertThat(card.resetMethods()).containsExactly("pm");
        assertThat(edu.resetMethods()).isEmpty();
        express.writeConfig(0x04, 2, 0x0006);
        express.writeConfig(0x42, 2, 0x0001);
        express.writeBar(0, 0x04, 4, 0);
        var saved = express.readConfig(0x10, 4);
        express.resetFunction();
        assertThat(express.readConfig(0x04, 2)).isEqualTo(0x0006);
        assertThat(express.readConfig(0x42, 2) & 1).isEqualTo(1);
        assertThat(express.readConfig(0x10, 4)).isEqualTo(saved);
        assertThat(express.readBar(0, 0x04, 4)).as("device state is lost").isZero();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(edu::resetFunction)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY));
    }

    @Test
    void shouldLoseConfigurationWhenItsOwnResetBitIsWritten() {
        express.writeBar(0, 0x04, 4, 0);
        express.writeConfig(EXPRESS + 8, 2, 0x8000);
        assertThat(express.readConfig(EXPRESS + 8, 2) & 0x8000)
                .as("always reads 0")
                .isZero();
        assertThat(express.readConfig(0x10, 4)).isZero();
        assertThat(express.readConfig(0x04, 2)).isZero();
    }

    @Test
    void shouldResetAllFunctionsOfBus() {
        var other = machine.function("01:00.1");
        card.writeBar(0, 0, 4, 1);
        other.writeBar(0, 0, 4, 2);
        express.writeBar(0, 0x04, 4, 0);
        card.bus().reset();
        assertThat(card.readBar(0, 0, 4)).isZero();
        assertThat(other.readBar(0, 0, 4)).isZero();
        assertThat(express.readBar(0, 0x04, 4)).as("another bus").isEqualTo(0xffff_ffffL);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> edu.bus().reset())
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY));
    }

    @Test
    void shouldAnswerEagainWhileAnotherResetHoldsFunction() throws InterruptedException {
        var embedded = (EmbeddedFunction) express;
        var holder = new Thread(embedded::tryLockReset);
        holder.start();
        holder.join();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(express::resetFunction)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
    }

    @Test
    void shouldOfferMsiXVectorsOfCapability() {
        assertThat(card.enableMsi(6, true, vector -> {})).isEqualTo(5);
        assertThat(card.enableMsi(5, true, vector -> {})).isEqualTo(5);
        assertThat(card.readConfig(MSI_X + 2, 2)).isEqualTo(0x8004);
        assertThat(card.readConfig(0x04, 2) & 0x400).as("the line is off").isNotZero();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> card.enableMsi(1, true, vector -> {}))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        card.disableMsi();
        assertThat(card.readConfig(MSI_X + 2, 2)).isEqualTo(0x0004);
        assertThat(card.readConfig(0x04, 2) & 0x400).isZero();
    }

    @Test
    void shouldKeepMessagesFromFunctionThatMayNotMaster() {
        var messages = new AtomicInteger();
        edu.enableMsi(1, false, vector -> messages.incrementAndGet());
        edu.writeBar(0, 0x60, 4, 1);
        assertThat(messages).hasValue(0);
        edu.writeConfig(0x04, 2, 0x0006);
        edu.writeBar(0, 0x60, 4, 1);
        assertThat(messages).hasValue(1);
    }

    @Test
    void shouldGiveRegisterAddressesToOneDriver() {
        card.requestRegion(0);
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> card.requestRegion(0))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        card.requestRegion(1);
        card.releaseRegion(0);
        card.requestRegion(0);
    }

    @Test
    void shouldRefuseImpossibleConfigurationAccess() {
        assertThatIllegalArgumentException().isThrownBy(() -> edu.readConfig(0x02, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> edu.readConfig(0x100, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> edu.writeConfig(0, 3, 0));
    }
}
