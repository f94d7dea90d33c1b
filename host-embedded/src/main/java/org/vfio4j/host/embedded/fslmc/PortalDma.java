// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.spi.model.DmaPort;

/**
 * The DMA engine in the first queue-manager portal of an I/O object: a descriptor of eight words at offset 0, started by
 * a store of its header with status READY, moves bytes between memory and a buffer of {@value #BUFFER_LENGTH} bytes, with
 * the isolation of the object's container. Done, it stores the status in the header and raises interrupt 0. The
 * descriptor's layout: {@code docs/devices.md}. Thread-safe.
 */
final class PortalDma implements RegionModel {
    /** Most bytes of one transfer. */
    static final int BUFFER_LENGTH = 4096;

    // Verbs, in the place of a command's id.
    /** From memory to the buffer. */
    static final int FROM_MEMORY = 0x0d01;
    /** From the buffer to memory. */
    static final int TO_MEMORY = 0x0d02;

    // Words of a descriptor, as byte offsets.
    static final int HEADER = 0x00;
    static final int ADDRESS = 0x08;
    /** Length in the low half, first byte in the buffer in the high half. */
    static final int EXTENT = 0x10;
    /** Bytes moved, stored by the engine. */
    static final int MOVED = 0x18;

    /** Cause of the interrupt. */
    static final int CAUSE_DONE = 1;

    private final McRegion region;
    private final PortalMemory memory;
    private final MemorySegment buffer;
    private final DmaPort dma;
    private final Executor thread;
    private final McInterrupts interrupts;

    /** Held through a transfer, so that a reset waits for it; taken before {@link #portalLock}. */
    private final ReentrantLock transferLock = new ReentrantLock();

    /** Guards the fields below and the portal's words against the engine; a leaf. */
    private final ReentrantLock portalLock = new ReentrantLock();

    /** Made once: starting a transfer allocates nothing here. */
    private final Runnable step = this::run;

    private boolean active;
    private long header;
    private long iova;
    private long extent;

    PortalDma(
            McRegion region,
            PortalMemory memory,
            MemorySegment buffer,
            DmaPort dma,
            Executor thread,
            McInterrupts interrupts) {
        this.region = region;
        this.memory = memory;
        this.buffer = buffer;
        this.dma = dma;
        this.thread = thread;
        this.interrupts = interrupts;
    }

    @Override
    public McRegion region() {
        return region;
    }

    @Override
    public PortalMemory memory() {
        return memory;
    }

    @Override
    public void write(long offset, long value) {
        portalLock.lock();
        try {
            if (offset == HEADER && active) {
                // One transfer at a time: a header stored meanwhile is lost.
                return;
            }
            memory.set(offset, value);
            if (offset != HEADER || McCommand.status(value) != McStatus.READY.code()) {
                return;
            }
            active = true;
            header = value;
            iova = memory.get(ADDRESS);
            extent = memory.get(EXTENT);
        } finally {
            portalLock.unlock();
        }
        thread.execute(step);
    }

    private void run() {
        transferLock.lock();
        try {
            int verb;
            long address;
            long length;
            long offset;
            portalLock.lock();
            try {
                if (!active) {
                    return;
                }
                verb = McCommand.id(header);
                address = iova;
                length = extent & 0xffff_ffffL;
                offset = extent >>> 32;
            } finally {
                portalLock.unlock();
            }
            var status = transfer(verb, address, offset, length);
            portalLock.lock();
            try {
                active = false;
                memory.set(MOVED, status == McStatus.OK ? length : 0);
                memory.set(HEADER, McCommand.withStatus(header, status));
            } finally {
                portalLock.unlock();
            }
        } finally {
            transferLock.unlock();
        }
        if (interrupts.count() > 0) {
            interrupts.raise(0, CAUSE_DONE);
        }
    }

    private McStatus transfer(int verb, long address, long offset, long length) {
        if (length == 0 || offset + length > BUFFER_LENGTH) {
            return McStatus.CONFIG_ERR;
        }
        return switch (verb) {
            case FROM_MEMORY -> dma.read(address, buffer, offset, length) ? McStatus.OK : McStatus.DMA_ERR;
            case TO_MEMORY -> dma.write(address, buffer, offset, length) ? McStatus.OK : McStatus.DMA_ERR;
            default -> McStatus.UNSUPPORTED_OP;
        };
    }

    @Override
    public void reset() {
        transferLock.lock();
        try {
            portalLock.lock();
            try {
                active = false;
                memory.segment().fill((byte) 0);
            } finally {
                portalLock.unlock();
            }
            buffer.fill((byte) 0);
        } finally {
            transferLock.unlock();
        }
    }
}
