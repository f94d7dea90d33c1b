// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResetScope;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Resets of slots and buses: whom they reach, what they leave. */
@Timeout(60)
class ResetScopeTest {
    private static final int COMMAND_MASTER_MEMORY = 0x0106;
    private static final int MSI_X = 0xa0;

    private final BootedMachine machine =
            BootedMachine.withFunctions("""
            {"address": "00:10.0", "model": "bridge", "secondary": 1, "slotReset": true}""", """
            {"address": "01:00.0", "model": "multi"}""", """
            {"address": "01:00.1", "model": "multi"}""", """
            {"address": "00:11.0", "model": "bridge", "secondary": 2}""", """
            {"address": "02:00.0", "model": "multi"}""", """
            {"address": "02:01.0", "model": "bridge", "kind": "pci-bridge", "secondary": 3}""", """
            {"address": "02:02.0", "model": "edu"}""", """
            {"address": "03:01.0", "model": "edu"}""", """
            {"address": "00:12.0", "model": "bridge", "secondary": 4, "busReset": false, "slotReset": true}""", """
            {"address": "04:00.0", "model": "edu"}""", """
            {"address": "00:13.0", "model": "bridge", "secondary": 5}""", """
            {"address": "05:00.0", "model": "multi"}""", """
            {"address": "05:00.1", "model": "multi", "busReset": false}""");

    @AfterEach
    void switchOff() {
        machine.close();
    }

    private static List<String> names(PciResetScope scope) {
        return scope.affected().stream().map(BusDevice::name).toList();
    }

    @Test
    void shouldReachEverythingBelow() {
        var slot = requireNonNull(machine.function("01:00.0").resettableSlot());
        assertThat(slot).isSameAs(machine.function("01:00.1").resettableSlot());
        assertThat(names(slot)).containsExactly("0000:01:00.0", "0000:01:00.1");
        var bus = machine.function("02:00.0").bus();
        assertThat(machine.function("02:00.0").resettableSlot()).isNull();
        assertThat(names(bus)).containsExactly("0000:02:00.0", "0000:02:01.0", "0000:03:01.0", "0000:02:02.0");
        assertThat(names(machine.function("03:01.0").bus())).containsExactly("0000:03:01.0");
    }

    @Test
    void shouldNotResetWhatMustNotBe() {
        for (String name : new String[] {"04:00.0", "05:00.0", "05:00.1"}) {
            var function = machine.function(name);
            assertThat(function.resettableSlot()).as("slot of %s", name).isNull();
            assertThat(function.bus().resettable()).as("bus of %s", name).isFalse();
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> function.bus().reset())
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY));
        }
        assertThat(machine.function("04:00.0").resetMethods())
                .as("alone on its bus")
                .isEmpty();
    }

    @Test
    void shouldLoseRegistersAndKeepConfiguration() {
        var first = machine.function("01:00.0");
        var second = machine.function("01:00.1");
        var vectors = List.of(first, second);
        for (PciFunction function : vectors) {
            function.writeConfig(0x04, 2, COMMAND_MASTER_MEMORY);
            function.writeConfig(0x0c, 1, 0x10);
            assertThat(function.enableMsi(3, true, vector -> {})).isEqualTo(3);
            function.writeBar(0, 0x40, 4, 0x600df00d);
        }
        var bar = first.readConfig(0x10, 4);
        requireNonNull(first.resettableSlot()).reset();
        for (PciFunction function : vectors) {
            assertThat(function.readBar(0, 0x40, 4))
                    .as("register of %s", function.name())
                    .isZero();
            assertThat(function.readConfig(0x04, 2))
                    .as("COMMAND, with INTx off for MSI-X")
                    .isEqualTo(0x0506);
            assertThat(function.readConfig(0x0c, 1)).isEqualTo(0x10);
            assertThat(function.readConfig(MSI_X + 2, 2) & 0x8000)
                    .as("MSI-X enabled")
                    .isNotZero();
        }
        assertThat(first.readConfig(0x10, 4)).isEqualTo(bar);
    }

    @Test
    void shouldResetAllOrNone() throws Exception {
        var upper = (EmbeddedFunction) machine.function("02:00.0");
        var lower = (EmbeddedFunction) machine.function("03:01.0");
        upper.writeConfig(0x04, 2, COMMAND_MASTER_MEMORY);
        upper.writeBar(0, 0x40, 4, 1);
        var locked = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        var holder = CompletableFuture.runAsync(() -> {
            assertThat(lower.tryLockReset()).isTrue();
            locked.countDown();
            try {
                done.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                lower.unlockReset();
            }
        });
        locked.await();
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> upper.bus().reset())
                .withMessageContaining("0000:03:01.0")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
        assertThat(upper.readBar(0, 0x40, 4)).as("not reset").isEqualTo(1);
        done.countDown();
        holder.get();
        upper.bus().reset();
        assertThat(upper.readBar(0, 0x40, 4)).isZero();
    }
}
