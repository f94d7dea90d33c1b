// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.DmaBuffer;
import org.vfio4j.Vfio;
import org.vfio4j.testing.EachOpenWay;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.testing.OpenDevice;
import org.vfio4j.testing.OpenWay;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

@EmbeddedMachine
class AdderTest {
    private static final String ADDER = "adder0";

    @Test
    void shouldBeThereWithItsDriver(Vfio vfio) {
        var adder = vfio.device(ADDER);
        assertThat(adder.bus()).isEqualTo("acme");
        assertThat(adder.driver()).contains("vfio-acme");
        assertThat(adder.nativeDriver()).isFalse();
    }

    @Test
    void shouldAddUpAVectorInMemory(Vfio vfio, @OpenDevice(ADDER) Device device) throws InterruptedException {
        try (var buffer = vfio.allocate(8192);
                var mapping = device.dma().map(buffer);
                var session = new AdderSession(device)) {
            fill(buffer, 1000);
            assertThat(session.fromMemory(mapping.iova(), 4000)).isTrue();
            assertThat(device.region(0).readLong(AdderRegisters.SUM_LOW)).isEqualTo(1000L * 1001 / 2);
            assertThat(session.interruptsTaken()).isEqualTo(1);
        }
    }

    @EachOpenWay
    void shouldMoveDataHoweverItIsOpened(OpenWay way, Vfio vfio) throws InterruptedException {
        try (var device = vfio.open(ADDER, way.options());
                var buffer = vfio.allocate(8192);
                var mapping = device.dma().map(buffer);
                var session = new AdderSession(device)) {
            fill(buffer, 1024);
            assertThat(session.fromMemory(mapping.iova(), 4096)).isTrue();
            assertThat(session.toMemory(mapping.iova() + 4096, 4096)).isTrue();
            assertThat(buffer.segment()
                            .asSlice(4096, 4096)
                            .mismatch(buffer.segment().asSlice(0, 4096)))
                    .as("first byte that came back wrong")
                    .isEqualTo(-1);
        }
    }

    @Test
    void shouldReportAnAccessThatTheIommuRefused(Vfio vfio, @OpenDevice(ADDER) Device device)
            throws InterruptedException {
        try (var session = new AdderSession(device)) {
            assertThat(session.fromMemory(0x1000, 4)).isFalse();
            assertThat(vfio.faults()).last().satisfies(fault -> {
                assertThat(fault.device()).isEqualTo(ADDER);
                assertThat(fault.iova()).isEqualTo(0x1000);
            });
        }
    }

    @Test
    void shouldRefuseALengthThatIsNoVector(Vfio vfio, @OpenDevice(ADDER) Device device) throws InterruptedException {
        try (var buffer = vfio.allocate(8192);
                var mapping = device.dma().map(buffer);
                var session = new AdderSession(device)) {
            assertThat(session.fromMemory(mapping.iova(), 0)).isFalse();
            assertThat(session.fromMemory(mapping.iova(), 6)).isFalse();
            assertThat(session.fromMemory(mapping.iova(), 4100)).isFalse();
            assertThat(vfio.faults()).as("accesses that reached the IOMMU").isEmpty();
        }
    }

    @Test
    void shouldForgetEverythingOnReset(Vfio vfio, @OpenDevice(ADDER) Device device) throws InterruptedException {
        try (var buffer = vfio.allocate(4096);
                var mapping = device.dma().map(buffer);
                var session = new AdderSession(device)) {
            fill(buffer, 4);
            assertThat(session.fromMemory(mapping.iova(), 16)).isTrue();
            device.reset();
            assertThat(device.region(0).readLong(AdderRegisters.SUM_LOW)).isZero();
            assertThat(device.region(0).readInt(AdderRegisters.STATUS)).isZero();
        }
    }

    @Test
    void shouldStayQuietWhenItsInterruptIsDisabled(@OpenDevice(ADDER) Device device) {
        var interrupts = device.interrupts(0);
        var interrupt = interrupts.enable();
        interrupts.trigger(0);
        assertThat(interrupt.take()).isEqualTo(1);
        interrupts.disable();
        device.region(0).writeInt(AdderRegisters.COMMAND, AdderRegisters.STORE);
        assertThat(interrupt.take()).isZero();
    }

    @Test
    void shouldReadAnyBytesButTakeWholeRegistersOnly(@OpenDevice(ADDER) Device device) {
        var registers = device.region(0);
        assertThat(registers.readInt(AdderRegisters.ID)).isEqualTo(AdderRegisters.IDENTITY);
        assertThat(registers.readByte(AdderRegisters.ID + 3)).isEqualTo('R');
        registers.writeInt(AdderRegisters.LENGTH, 64);
        assertThatThrownBy(() -> registers.writeShort(AdderRegisters.LENGTH, 128))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refusal -> assertThat(refusal.errno()).isEqualTo(Errno.EINVAL));
        assertThat(registers.readInt(AdderRegisters.LENGTH)).isEqualTo(64);
    }

    /** Writes the numbers 1 to count. */
    private static void fill(DmaBuffer buffer, int count) {
        for (var i = 0; i < count; i++) {
            buffer.segment().set(AdderEngine.NUMBER, (long) i * Integer.BYTES, i + 1);
        }
    }
}
