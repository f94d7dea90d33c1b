// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.exercise;

import java.time.Duration;
import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.Interrupt;
import org.vfio4j.Interrupts;
import org.vfio4j.Region;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.VfioPci;

/** Drives the {@code edu} DMA engine through its registers; spec pci §21, S01. Its DMA reaches 28 bits of address. */
public final class EduExercise implements DeviceExercise {
    private static final int IDS = 0x11e8_1234;

    /** Found as a service. */
    public EduExercise() {}

    @Override
    public String name() {
        return "edu";
    }

    @Override
    public boolean drives(DeviceView device) {
        return device.busDevice() instanceof PciFunction function
                && function.readConfig(0, 4) == IDS
                && function.mappableAreas(0)
                        .isEmpty(); // a recorded function has the ids but plain memory for registers
    }

    @Override
    public Session start(Device device) {
        return new EduSession(device);
    }

    /** One prepared engine. */
    private static final class EduSession implements Session {
        private static final long COMMAND = 0x04;
        private static final int BUS_MASTER = 4;
        private static final long IDENTIFICATION = 0x00;
        private static final int EDU = 0x0100_00ed;
        private static final long STATUS = 0x20;
        /** The last transfer was refused; the simulated engine's own addition. */
        private static final int REFUSED = 0x100;

        private static final long INTERRUPT_STATUS = 0x24;
        private static final long INTERRUPT_ACKNOWLEDGE = 0x64;
        private static final long DMA_SOURCE = 0x80;
        private static final long DMA_DESTINATION = 0x88;
        private static final long DMA_COUNT = 0x90;
        private static final long DMA_COMMAND = 0x98;
        private static final int START = 1;
        private static final int FROM_DEVICE = 2;
        private static final int INTERRUPT_AT_END = 4;
        private static final long BUFFER = 0x40000;
        private static final Duration PATIENCE = Duration.ofSeconds(10);

        private final Region registers;
        private final Interrupts msi;
        private final Interrupt done;
        private long interrupts;

        EduSession(Device device) {
            var config = device.region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX);
            config.writeShort(COMMAND, config.readShort(COMMAND) | BUS_MASTER);
            registers = device.region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX);
            if (registers.readInt(IDENTIFICATION) != EDU) {
                throw new IllegalStateException(device.name() + " identifies itself as 0x"
                        + Integer.toHexString(registers.readInt(IDENTIFICATION)) + ", which is no edu");
            }
            msi = device.interrupts(VfioPci.VFIO_PCI_MSI_IRQ_INDEX);
            done = msi.enable();
        }

        @Override
        public int maxTransfer() {
            return 4096;
        }

        @Override
        public long addressLimit() {
            return 1L << 28;
        }

        @Override
        public boolean fromMemory(long iova, int length) throws InterruptedException {
            return transfer(iova, BUFFER, length, START | INTERRUPT_AT_END);
        }

        @Override
        public boolean toMemory(long iova, int length) throws InterruptedException {
            return transfer(BUFFER, iova, length, START | FROM_DEVICE | INTERRUPT_AT_END);
        }

        private boolean transfer(long source, long destination, int length, int command) throws InterruptedException {
            registers.writeLong(DMA_SOURCE, source);
            registers.writeLong(DMA_DESTINATION, destination);
            registers.writeLong(DMA_COUNT, length);
            registers.writeLong(DMA_COMMAND, command);
            var signals = done.await(PATIENCE);
            if (signals == 0) {
                throw new IllegalStateException("the edu engine did not finish a transfer of " + length + " bytes in "
                        + PATIENCE.toSeconds() + " s");
            }
            interrupts += signals;
            registers.writeInt(INTERRUPT_ACKNOWLEDGE, registers.readInt(INTERRUPT_STATUS));
            return (registers.readInt(STATUS) & REFUSED) == 0;
        }

        @Override
        public long interruptsTaken() {
            return interrupts;
        }

        @Override
        public void close() {
            msi.disable();
        }
    }
}
