// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;

class SerialDeviceTest {
    private static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int MSI = VfioPci.VFIO_PCI_MSI_IRQ_INDEX;
    private static final int TRIGGER = VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int UNMASK = VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK;

    private final SerialDevice device = new SerialDevice(SerialType.SINGLE, Runnable::run);

    private static long at(int region, long offset) {
        return ((long) region << 40) + offset;
    }

    private int read(int region, int offset, int size) {
        byte[] bytes = new byte[size];
        assertThat(device.read(at(region, offset), MemorySegment.ofArray(bytes)))
                .isEqualTo(size);
        int value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << 8) | (bytes[i] & 0xff);
        }
        return value;
    }

    private void write(int region, int offset, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        assertThat(device.write(at(region, offset), MemorySegment.ofArray(bytes)))
                .isEqualTo(bytes.length);
    }

    private void setIrqs(int index, int action, IrqSet.Data data) {
        device.setIrqs(new IrqSet(index, action, 0, 1, data));
    }

    private static IrqSet.Events events(@Nullable EventFile event) {
        return new IrqSet.Events(List.of(new IrqSet.Slot() {
            @Override
            public int descriptor() {
                return event == null ? -1 : 3;
            }

            @Override
            public @Nullable EventFile event() {
                return event;
            }
        }));
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Spec("M-055")
    @Test
    void shouldKnowNoInterruptsBeforeGetInfo() {
        assertRefused(Errno.EINVAL, () -> device.irqInfo(INTX));
        assertRefused(Errno.EINVAL, () -> setIrqs(INTX, TRIGGER, events(new EventCounter())));
        device.info();
        assertThat(device.irqInfo(INTX)).isEqualTo(new IrqInfo(INTX, 7, 1));
        assertThat(device.irqInfo(MSI)).isEqualTo(new IrqInfo(MSI, 9, 1));
        assertRefused(Errno.EINVAL, () -> device.irqInfo(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX));
    }

    @Spec({"M-056", "M-057"})
    @Test
    void shouldDescribeMissingRegionsAsEmpty() {
        var second = device.regionInfo(1);
        assertThat(second.size()).isZero();
        assertThat(second.flags()).isEqualTo(3);
        assertThat(device.regionInfo(CONFIG).size()).isEqualTo(0xff);
        assertRefused(Errno.EINVAL, () -> device.regionInfo(9));
    }

    @Spec("M-058")
    @Test
    void shouldAnswerSizingOfItsBaseAddress() {
        write(CONFIG, 0x10, 0xff, 0xff, 0xff, 0xff);
        assertThat(read(CONFIG, 0x10, 4)).isEqualTo(0xfffffff9);
        write(CONFIG, 0x14, 0xff, 0xff, 0xff, 0xff);
        assertThat(read(CONFIG, 0x14, 4))
                .as("a single port has no second base address")
                .isZero();
    }

    @Spec("M-059")
    @Test
    void shouldIgnoreWritesToCommand() {
        write(CONFIG, 0x04, 0x07, 0x00);
        assertThat(read(CONFIG, 0x04, 2)).isEqualTo(0x0001);
    }

    @Spec("M-060")
    @Test
    void shouldInterruptOnceForAReceivedByte() {
        var event = new EventCounter();
        device.info();
        setIrqs(INTX, TRIGGER, events(event));
        write(0, 2, 0x01);
        write(0, 1, 0x01);
        write(0, 0, 'A');
        assertThat(event.take()).isEqualTo(1);
        assertThat(read(0, 5, 1)).isEqualTo(0x01);
        assertThat(read(0, 2, 1)).isEqualTo(0xc4);
        assertThat(read(0, 0, 1)).isEqualTo('A');
    }

    @Spec("M-061")
    @Test
    void shouldStaySilentUntilUnmasked() {
        var event = new EventCounter();
        device.info();
        setIrqs(INTX, TRIGGER, events(event));
        setIrqs(INTX, TRIGGER, new IrqSet.None());
        assertThat(event.take()).isEqualTo(1);
        setIrqs(INTX, TRIGGER, new IrqSet.None());
        assertThat(event.take()).as("masked by its own signal").isZero();
        setIrqs(INTX, UNMASK, new IrqSet.None());
        assertThat(event.take()).as("unmasking signals nothing again").isZero();
        setIrqs(INTX, TRIGGER, new IrqSet.Bools(List.of(true)));
        assertThat(event.take()).isEqualTo(1);
    }

    @Spec("M-062")
    @Test
    void shouldRefuseWhatItsInterruptsCannotDo() {
        device.info();
        setIrqs(INTX, TRIGGER, events(new EventCounter()));
        assertRefused(Errno.ENOTTY, () -> setIrqs(INTX, UNMASK, events(new EventCounter())));
        assertRefused(Errno.EINVAL, () -> setIrqs(MSI, TRIGGER, events(new EventCounter())));
        assertRefused(
                Errno.ENOTTY, () -> setIrqs(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER, events(new EventCounter())));
        device.setIrqs(new IrqSet(INTX, TRIGGER, 0, 0, new IrqSet.None()));
        setIrqs(MSI, TRIGGER, events(new EventCounter()));
    }

    @Spec("M-063")
    @Test
    void shouldKeepTheDivisor() {
        write(0, 3, 0x80);
        write(0, 0, 0x34);
        write(0, 1, 0x12);
        assertThat(read(0, 0, 1)).isEqualTo(0x34);
        assertThat(read(0, 1, 1)).isEqualTo(0x12);
    }

    @Spec("M-064")
    @Test
    void shouldOverrunWithoutFifo() {
        write(0, 2, 0x00);
        write(0, 0, 'a');
        assertThat(read(0, 5, 1)).isEqualTo(0x01);
        write(0, 0, 'b');
        assertThat(read(0, 5, 1)).isEqualTo(0x03);
    }

    @Test
    void shouldHoldSixteenBytesAndOverrunAtTheNext() {
        for (int i = 0; i < 16; i++) {
            write(0, 0, i);
        }
        assertThat(read(0, 5, 1)).as("full, not empty").isEqualTo(0x01);
        write(0, 0, 16);
        assertThat(read(0, 5, 1)).isEqualTo(0x03);
        for (int i = 0; i < 16; i++) {
            assertThat(read(0, 0, 1)).isEqualTo(i);
        }
        assertThat(read(0, 5, 1) & 0x60).isEqualTo(0x60);
    }

    @Spec("M-065")
    @Test
    void shouldRefuseAccessesOutsideItsRegions() {
        assertRefused(Errno.EFAULT, () -> read(VfioPci.VFIO_PCI_ROM_REGION_INDEX, 0, 4));
        assertRefused(Errno.EFAULT, () -> read(CONFIG, 0xfc, 4));
        assertRefused(Errno.EFAULT, () -> read(1, 0, 1));
        assertThat(read(CONFIG, 0xfe, 1)).isZero();
    }

    @Test
    void shouldKeepThePortsThroughReset() {
        write(0, 7, 0x5a);
        device.reset();
        assertThat(read(0, 7, 1)).isEqualTo(0x5a);
    }
}
