// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.time.Duration;
import org.vfio4j.Device;
import org.vfio4j.Interrupt;
import org.vfio4j.Interrupts;
import org.vfio4j.Region;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A user-space driver for an adder: writes its registers and waits for its interrupt. */
final class AdderSession implements DeviceExercise.Session {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String name;
    private final Region registers;
    private final Interrupts interrupts;
    private final Interrupt interrupt;
    private long taken;

    AdderSession(Device device) {
        name = device.name();
        registers = device.region(0);
        var identity = registers.readInt(AdderRegisters.ID);
        if (identity != AdderRegisters.IDENTITY) {
            throw new VfioException(
                    Errno.ENODEV, name + " is no adder: it says it is 0x" + Integer.toHexString(identity));
        }
        interrupts = device.interrupts(0);
        interrupt = interrupts.enable();
    }

    @Override
    public int maxTransfer() {
        return AdderRegisters.BUFFER_SIZE;
    }

    @Override
    public boolean fromMemory(long iova, int length) throws InterruptedException {
        return perform(AdderRegisters.LOAD, iova, length);
    }

    @Override
    public boolean toMemory(long iova, int length) throws InterruptedException {
        return perform(AdderRegisters.STORE, iova, length);
    }

    private boolean perform(int command, long iova, int length) throws InterruptedException {
        registers.writeInt(AdderRegisters.ADDRESS_LOW, (int) iova);
        registers.writeInt(AdderRegisters.ADDRESS_HIGH, (int) (iova >>> Integer.SIZE));
        registers.writeInt(AdderRegisters.LENGTH, length);
        registers.writeInt(AdderRegisters.COMMAND, command);
        var signals = interrupt.await(PATIENCE);
        if (signals == 0) {
            throw new VfioException(
                    Errno.ETIMEDOUT, name + " raised no interrupt within " + PATIENCE.toSeconds() + " seconds");
        }
        taken += signals;
        return (registers.readInt(AdderRegisters.STATUS) & AdderRegisters.ERROR) == 0;
    }

    @Override
    public long interruptsTaken() {
        return taken;
    }

    @Override
    public void close() {
        interrupts.disable();
    }
}
