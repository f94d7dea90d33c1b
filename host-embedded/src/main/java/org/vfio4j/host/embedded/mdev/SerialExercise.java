// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.time.Duration;
import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.Interrupt;
import org.vfio4j.Interrupts;
import org.vfio4j.Region;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioPci;

/**
 * Drives the DMA engine of a serial device. Reads of memory go through pinned pages and writes through copies in software,
 * so that both ways of a mediated device are used.
 */
public final class SerialExercise implements DeviceExercise {
    /** For {@link java.util.ServiceLoader}. */
    public SerialExercise() {}

    @Override
    public String name() {
        return "serial-dma";
    }

    @Override
    public boolean drives(DeviceView device) {
        return device.busDevice() instanceof MdevDevice mdev
                && mdev.type().equals(SerialType.DMA.type())
                && mdev.model() instanceof SerialDevice;
    }

    @Override
    public Session start(Device device) {
        // A serial device has no interrupts before it was asked what it is.
        device.info();
        var registers = device.region(VfioPci.VFIO_PCI_BAR1_REGION_INDEX);
        int identity = registers.readInt(SerialDmaRegisters.IDENTITY);
        if (identity != SerialDmaRegisters.IDENTITY_VALUE) {
            throw new VfioException(
                    Errno.ENODEV,
                    device.name() + " does not answer as a serial DMA engine: identity 0x"
                            + Integer.toHexString(identity));
        }
        return new Transfers(device.name(), registers, device.interrupts(VfioPci.VFIO_PCI_MSI_IRQ_INDEX));
    }

    private static final class Transfers implements Session {
        /** Neither pinning nor receiving: the engine copies out of memory. */
        private static final int COPY = 0;

        private static final Duration PATIENCE = Duration.ofSeconds(10);

        private final String device;
        private final Region registers;
        private final Interrupts index;
        private final Interrupt interrupt;
        private boolean pinning = true;
        private long taken;

        Transfers(String device, Region registers, Interrupts index) {
            this.device = device;
            this.registers = registers;
            this.index = index;
            this.interrupt = index.enable();
        }

        @Override
        public int maxTransfer() {
            return SerialDma.BUFFER_LENGTH;
        }

        @Override
        public boolean fromMemory(long iova, int length) throws InterruptedException {
            if (pinning) {
                if (transfer(iova, length, SerialDmaRegisters.COMMAND_PIN)) {
                    return true;
                }
                if (registers.readInt(SerialDmaRegisters.ERROR) != Errno.EACCES.number()) {
                    return false;
                }
                pinning = false; // a version 1 container pins for no device without DMA of its own: copying must do
            }
            return transfer(iova, length, COPY);
        }

        @Override
        public boolean toMemory(long iova, int length) throws InterruptedException {
            return transfer(iova, length, SerialDmaRegisters.COMMAND_RECEIVE);
        }

        private boolean transfer(long iova, int length, int way) throws InterruptedException {
            registers.writeLong(SerialDmaRegisters.ADDRESS, iova);
            registers.writeInt(SerialDmaRegisters.COUNT, length);
            registers.writeInt(
                    SerialDmaRegisters.COMMAND,
                    SerialDmaRegisters.COMMAND_START | SerialDmaRegisters.COMMAND_INTERRUPT | way);
            long signals = interrupt.await(PATIENCE);
            int status = registers.readInt(SerialDmaRegisters.STATUS);
            if (signals == 0 || (status & SerialDmaRegisters.STATUS_DONE) == 0) {
                throw new VfioException(
                        Errno.ETIMEDOUT,
                        device + " did not finish a transfer of " + length + " bytes at 0x" + Long.toHexString(iova)
                                + ": " + signals + " interrupts, status 0x" + Integer.toHexString(status));
            }
            taken += signals;
            return (status & SerialDmaRegisters.STATUS_ERROR) == 0;
        }

        @Override
        public long interruptsTaken() {
            return taken;
        }

        @Override
        public void close() {
            index.disable();
        }
    }
}
