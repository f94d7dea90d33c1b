// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import org.vfio4j.spi.model.DmaPort;

/** What the queue device does when it has a command. One at a time; does not allocate. */
final class QueueCommands implements AutoCloseable {
    private static final int BUFFER = 64 << 10;

    private final DmaPort dma;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER, 4096);
    private final ByteBuffer bytes = buffer.asByteBuffer();
    private final CRC32 checksum = new CRC32();

    /** Of the last command: the checksum, or how many bytes were written. */
    private long result;

    private int faults;

    QueueCommands(DmaPort dma) {
        this.dma = dma;
    }

    long result() {
        return result;
    }

    /** Carries out an entry of a submission ring; answers its status. */
    int execute(MemorySegment entry) {
        result = 0;
        int opcode = entry.get(QueueLayout.U32, QueueLayout.OPCODE);
        if (opcode < QueueLayout.COPY || opcode > QueueLayout.CHECKSUM) {
            return QueueLayout.BAD_OPCODE;
        }
        int length = entry.get(QueueLayout.U32, QueueLayout.COMMAND_LENGTH);
        if (length <= 0 || length > QueueLayout.LONGEST_COMMAND) {
            return QueueLayout.BAD_LENGTH;
        }
        long source = entry.get(QueueLayout.U64, QueueLayout.SOURCE);
        long destination = entry.get(QueueLayout.U64, QueueLayout.DESTINATION);
        boolean moved = switch (opcode) {
            case QueueLayout.COPY -> copy(source, destination, length);
            case QueueLayout.FILL -> fill(destination, length, entry.get(QueueLayout.U32, QueueLayout.VALUE));
            default -> sum(source, length);
        };
        if (!moved) {
            faults++;
        }
        return moved ? QueueLayout.OK : QueueLayout.DMA_FAULT;
    }

    /** Commands with refused accesses since this was asked last. */
    int takeFaults() {
        int taken = faults;
        faults = 0;
        return taken;
    }

    private boolean copy(long source, long destination, int length) {
        for (int done = 0; done < length; done += BUFFER) {
            int part = Math.min(BUFFER, length - done);
            if (!dma.read(source + done, buffer, 0, part) || !dma.write(destination + done, buffer, 0, part)) {
                return false;
            }
            result += part;
        }
        return true;
    }

    private boolean fill(long destination, int length, int value) {
        buffer.asSlice(0, Math.min(BUFFER, length)).fill((byte) value);
        for (int done = 0; done < length; done += BUFFER) {
            int part = Math.min(BUFFER, length - done);
            if (!dma.write(destination + done, buffer, 0, part)) {
                return false;
            }
            result += part;
        }
        return true;
    }

    private boolean sum(long source, int length) {
        checksum.reset();
        for (int done = 0; done < length; done += BUFFER) {
            int part = Math.min(BUFFER, length - done);
            if (!dma.read(source + done, buffer, 0, part)) {
                return false;
            }
            checksum.update(bytes.clear().limit(part));
        }
        result = checksum.getValue();
        return true;
    }

    @Override
    public void close() {
        arena.close();
    }
}
