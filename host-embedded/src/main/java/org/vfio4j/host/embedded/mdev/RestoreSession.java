// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A serial device being restored. Data are collected; the device changes only when they are {@linkplain #complete
 * complete and right}. Spec: mdev §9, core MG-8.
 */
final class RestoreSession implements MigrationStream {
    /** What the bytes collected now are. */
    private enum Part {
        HEADER,
        PORTS,
        RECORD_HEAD,
        BUFFER,
        STATE,
        END
    }

    private final SerialDevice device;
    private final @Nullable SerialDma engine;

    /** The migration lock of the device; guards everything here. */
    private final ReentrantLock migrationLock;

    private Part part = Part.HEADER;
    private MemorySegment collected = room(SavedHeader.LENGTH);
    private long filled;
    private @Nullable MemorySegment buffer;
    private @Nullable MemorySegment state;
    private boolean ended;

    RestoreSession(SerialDevice device, ReentrantLock migrationLock) {
        this.device = device;
        this.engine = device.engine();
        this.migrationLock = migrationLock;
    }

    private static MemorySegment room(long length) {
        return MemorySegment.ofArray(new byte[(int) length]);
    }

    @Override
    public boolean saving() {
        return false;
    }

    @Override
    public long read(MemorySegment target) {
        throw new VfioException(Errno.EBADF, "read refused: the device is being restored, not saved");
    }

    @Override
    public long write(MemorySegment source) {
        migrationLock.lock();
        try {
            if (ended) {
                throw new VfioException(Errno.ENODEV, "access refused: the device is not being restored any more");
            }
            requireRoom(source.byteSize());
            return take(source);
        } finally {
            migrationLock.unlock();
        }
    }

    /** Data of known size are refused as a whole when there are too many. */
    private void requireRoom(long length) {
        if (engine != null) {
            return;
        }
        long ports = (long) SavedPort.LENGTH * device.type().ports();
        long left = switch (part) {
            case HEADER -> SavedHeader.LENGTH + ports - filled;
            case PORTS -> ports - filled;
            default -> 0;
        };
        if (length > left) {
            throw tooMuch(length, left);
        }
    }

    private static VfioException tooMuch(long length, long left) {
        return new VfioException(
                Errno.ENOMEM, "restore refused: " + length + " bytes, the device's state has " + left + " more");
    }

    /** Takes bytes up to the first that are refused; only when these come first the caller hears why. */
    private long take(MemorySegment source) {
        long length = source.byteSize();
        long done = 0;
        while (done < length) {
            long count = Math.min(length - done, collected.byteSize() - filled);
            MemorySegment.copy(source, done, collected, filled, count);
            filled += count;
            try {
                if (part == Part.END) {
                    throw tooMuch(length - done, 0);
                }
                if (filled == collected.byteSize()) {
                    accept();
                }
            } catch (VfioException refused) {
                filled -= count;
                if (done > 0) {
                    return done;
                }
                throw refused;
            }
            done += count;
        }
        return done;
    }

    /** A part is complete. */
    private void accept() {
        switch (part) {
            case HEADER -> {
                SavedHeader.check(collected, device.type());
                if (engine == null) {
                    collect(Part.PORTS, (long) SavedPort.LENGTH * device.type().ports());
                } else {
                    collect(Part.RECORD_HEAD, SavedRecord.HEAD_LENGTH);
                }
            }
            case RECORD_HEAD -> {
                int kind = SavedRecord.kind(collected);
                collect(kind == SavedRecord.BUFFER ? Part.BUFFER : Part.STATE, SavedRecord.bodyLength(kind));
            }
            case BUFFER -> {
                buffer = collected;
                collect(Part.RECORD_HEAD, SavedRecord.HEAD_LENGTH);
            }
            case PORTS, STATE -> {
                state = collected;
                collect(Part.END, 0);
            }
            case END -> throw new AssertionError("nothing is collected behind the end");
        }
    }

    private void collect(Part next, long length) {
        part = next;
        collected = room(length);
        filled = 0;
    }

    /**
     * Every byte was written: the device takes the state. The lock is held, the device does nothing.
     *
     * @throws VfioException EINVAL when bytes are missing or make no state; the device is as it was
     */
    void complete() {
        var saved = state;
        if (saved == null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "restore refused: the data end in part " + part + ", of which " + filled + " of "
                            + collected.byteSize() + " bytes are here");
        }
        if (engine == null) {
            SerialDevice.checkPorts(saved);
            device.restorePorts(saved);
            return;
        }
        if (buffer == null) {
            throw new VfioException(Errno.EINVAL, "restore refused: the engine's buffer is missing");
        }
        SavedPort.check(SavedRecord.port(saved));
        engine.restore(SavedRecord.engine(saved), buffer);
        device.restorePorts(SavedRecord.port(saved));
    }

    /** Nothing can be written any more. The lock is held. */
    void end() {
        ended = true;
    }

    @Override
    public PrecopyInfo precopyInfo() {
        throw new VfioException(Errno.EINVAL, "GET_PRECOPY_INFO refused: the device is being restored, not saved");
    }

    @Override
    public void close() {
        // The session ends with the state, not with its file.
    }
}
