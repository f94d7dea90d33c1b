// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.Interrupt;
import org.vfio4j.Interrupts;
import org.vfio4j.Region;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Drives the DMA engine of an I/O object with descriptors written to its first portal. */
public final class DpioExercise implements DeviceExercise {
    /** For {@link java.util.ServiceLoader}. */
    public DpioExercise() {}

    @Override
    public String name() {
        return "dpio";
    }

    @Override
    public boolean drives(DeviceView device) {
        return device.busDevice() instanceof McObject object && object.type().equals("dpio");
    }

    @Override
    public Session start(Device device) {
        return new Descriptors(device.name(), device.region(0), device.interrupts(0));
    }

    private static final class Descriptors implements Session {
        private static final Duration PATIENCE = Duration.ofSeconds(10);

        private final String device;
        private final Region portal;
        private final Interrupts index;
        private final Interrupt interrupt;
        private final Arena arena = Arena.ofShared();
        private final MemorySegment descriptor = arena.allocate(McCommand.LENGTH, Long.BYTES);
        private long taken;

        Descriptors(String device, Region portal, Interrupts index) {
            this.device = device;
            this.portal = portal;
            this.index = index;
            this.interrupt = index.enable();
        }

        @Override
        public int maxTransfer() {
            return PortalDma.BUFFER_LENGTH;
        }

        @Override
        public boolean fromMemory(long iova, int length) throws InterruptedException {
            return transfer(PortalDma.FROM_MEMORY, iova, length);
        }

        @Override
        public boolean toMemory(long iova, int length) throws InterruptedException {
            return transfer(PortalDma.TO_MEMORY, iova, length);
        }

        private boolean transfer(int verb, long iova, int length) throws InterruptedException {
            descriptor.fill((byte) 0);
            descriptor.set(UapiLayouts.U64, PortalDma.ADDRESS, iova);
            descriptor.set(UapiLayouts.U64, PortalDma.EXTENT, Integer.toUnsignedLong(length));
            descriptor.set(UapiLayouts.U64, PortalDma.HEADER, McCommand.header(verb, 0));
            portal.write(0, descriptor);
            long signals = interrupt.await(PATIENCE);
            portal.read(0, descriptor);
            int status = McCommand.status(descriptor.get(UapiLayouts.U64, PortalDma.HEADER));
            if (signals == 0 || status == McStatus.READY.code()) {
                throw new VfioException(
                        Errno.ETIMEDOUT,
                        device + " did not finish a transfer of " + length + " bytes at 0x" + Long.toHexString(iova)
                                + ": " + signals + " interrupts, status 0x" + Integer.toHexString(status));
            }
            taken += signals;
            if (status != McStatus.OK.code() && status != McStatus.DMA_ERR.code()) {
                throw new VfioException(
                        Errno.EIO,
                        device + " refused a transfer of " + length + " bytes at 0x" + Long.toHexString(iova)
                                + " with status 0x" + Integer.toHexString(status));
            }
            return status == McStatus.OK.code();
        }

        @Override
        public long interruptsTaken() {
            return taken;
        }

        @Override
        public void close() {
            try {
                index.disable();
            } finally {
                arena.close();
            }
        }
    }
}
