// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A serial device being saved. Before the device stops there is its header to be read and, if it has a DMA engine, the
 * engine's buffer, again whenever a transfer changed it; {@link #stopped} adds the rest. Spec: mdev §9, core MG-7 to MG-9.
 */
final class SaveSession implements MigrationStream {
    private final SerialDevice device;
    private final @Nullable SerialDma engine;

    /** The migration lock of the device; guards everything here. */
    private final ReentrantLock migrationLock;

    /** What was made ready; {@link #taken} bytes of it were read. */
    private byte[] bytes = {};

    private int taken;

    /** Bytes read that are no longer in {@link #bytes}, and bytes of the state the session began with. */
    private long dropped;

    private final long initial;

    /** The engine's buffer as it was saved last. */
    private long savedVersion;

    private boolean precopy = true;
    private boolean ended;

    /** A session of a device that runs; a device that stands still is {@linkplain #stopped stopped} at once. */
    SaveSession(SerialDevice device, ReentrantLock migrationLock) {
        this.device = device;
        this.engine = device.engine();
        this.migrationLock = migrationLock;
        SavedHeader.write(room(SavedHeader.LENGTH), device.type());
        if (engine != null) {
            saveBuffer(engine);
        }
        this.initial = bytes.length;
    }

    /** Appends bytes to fill. */
    private MemorySegment room(int length) {
        int left = bytes.length - taken;
        byte[] grown = new byte[left + length];
        System.arraycopy(bytes, taken, grown, 0, left);
        dropped += taken;
        bytes = grown;
        taken = 0;
        return MemorySegment.ofArray(grown).asSlice(left, length);
    }

    private void saveBuffer(SerialDma from) {
        var record = room(SavedRecord.length(SavedRecord.BUFFER));
        savedVersion = from.saveBuffer(SavedRecord.write(record, SavedRecord.BUFFER));
    }

    private boolean bufferChanged() {
        return engine != null && engine.bufferVersion() != savedVersion;
    }

    /** The device does nothing any more: what is not saved yet is. The lock is held. */
    void stopped() {
        precopy = false;
        if (engine == null) {
            device.savePorts(room(SavedPort.LENGTH * device.type().ports()));
            return;
        }
        if (bufferChanged()) {
            saveBuffer(engine);
        }
        var record = room(SavedRecord.length(SavedRecord.STATE));
        var state = SavedRecord.write(record, SavedRecord.STATE);
        device.savePorts(SavedRecord.port(state));
        engine.saveRegisters(SavedRecord.engine(state));
    }

    /** Nothing can be read any more. The lock is held. */
    void end() {
        ended = true;
        bytes = new byte[0];
        taken = 0;
    }

    private void requireGoesOn() {
        if (ended) {
            throw new VfioException(Errno.ENODEV, "access refused: the device is not being saved any more");
        }
    }

    @Override
    public boolean saving() {
        return true;
    }

    @Override
    public long read(MemorySegment target) {
        migrationLock.lock();
        try {
            requireGoesOn();
            if (taken == bytes.length && precopy && engine != null) {
                if (!bufferChanged()) {
                    throw new VfioException(Errno.ENOMSG, "nothing to read until the device changes or stops");
                }
                saveBuffer(engine);
            }
            // A device without an engine has the kernel sample's end of file, also while it runs.
            int count = (int) Math.min(target.byteSize(), bytes.length - taken);
            MemorySegment.copy(bytes, taken, target, ValueLayout.JAVA_BYTE, 0, count);
            taken += count;
            return count;
        } finally {
            migrationLock.unlock();
        }
    }

    @Override
    public long write(MemorySegment source) {
        throw new VfioException(Errno.EBADF, "write refused: the device is being saved, not restored");
    }

    @Override
    public PrecopyInfo precopyInfo() {
        migrationLock.lock();
        try {
            requireGoesOn();
            if (!precopy) {
                throw new VfioException(Errno.EINVAL, "GET_PRECOPY_INFO refused: the device has stopped");
            }
            long read = dropped + taken;
            long initialLeft = Math.max(0, initial - read);
            long changed = bytes.length - taken - initialLeft;
            return new PrecopyInfo(
                    0, initialLeft, changed + (bufferChanged() ? SavedRecord.length(SavedRecord.BUFFER) : 0));
        } finally {
            migrationLock.unlock();
        }
    }

    @Override
    public void close() {
        // The session ends with the state, not with its file.
    }
}
