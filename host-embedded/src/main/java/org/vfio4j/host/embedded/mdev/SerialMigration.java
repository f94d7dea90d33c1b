// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.uapi.VfioMigration;

/**
 * Moves a serial device through the migration states. It supports all of them; a session is at most one at a time, because
 * every way between two sessions leads through a state without one. Thread-safe. Spec: mdev §9, core §12.
 */
final class SerialMigration implements MigrationOps {
    private static final int FLAGS = VfioMigration.VFIO_MIGRATION_STOP_COPY
            | VfioMigration.VFIO_MIGRATION_P2P
            | VfioMigration.VFIO_MIGRATION_PRE_COPY;

    private final SerialDevice device;
    private final MigrationControl control;

    /** Guards the state and the sessions; the first of the device's locks, held while the others are taken. */
    private final ReentrantLock migrationLock = new ReentrantLock();

    private int state = VFIO_DEVICE_STATE_RUNNING;
    private @Nullable SaveSession saving;
    private @Nullable RestoreSession restoring;

    SerialMigration(SerialDevice device, MigrationControl control) {
        this.device = device;
        this.control = control;
    }

    @Override
    public int flags() {
        return FLAGS;
    }

    @Override
    public @Nullable MigrationStream setState(int requested) {
        migrationLock.lock();
        try {
            MigrationStream started = null;
            while (state != requested) {
                int next = control.nextState(FLAGS, state, requested);
                started = step(next);
                state = next;
            }
            return started;
        } finally {
            migrationLock.unlock();
        }
    }

    /** Goes one arc; it is one that exists. */
    private @Nullable MigrationStream step(int next) {
        if (state == VFIO_DEVICE_STATE_RESUMING && restoring != null) {
            restoring.complete();
        }
        boolean wasSaving = isSaving(state);
        device.allow(Activity.in(next));
        if (next == VFIO_DEVICE_STATE_RESUMING) {
            restoring = new RestoreSession(device, migrationLock);
            return restoring;
        }
        if (!isSaving(next)) {
            endSessions();
            return null;
        }
        var session = saving;
        if (session == null) {
            session = new SaveSession(device, migrationLock);
            saving = session;
        }
        if (next == VFIO_DEVICE_STATE_STOP_COPY) {
            session.stopped();
        }
        return wasSaving ? null : session;
    }

    private static boolean isSaving(int state) {
        return state == VFIO_DEVICE_STATE_PRE_COPY
                || state == VFIO_DEVICE_STATE_PRE_COPY_P2P
                || state == VFIO_DEVICE_STATE_STOP_COPY;
    }

    private void endSessions() {
        if (saving != null) {
            saving.end();
            saving = null;
        }
        if (restoring != null) {
            restoring.end();
            restoring = null;
        }
    }

    @Override
    public int state() {
        migrationLock.lock();
        try {
            return state;
        } finally {
            migrationLock.unlock();
        }
    }

    @Override
    public long dataSize() {
        var type = device.type();
        return SavedHeader.LENGTH
                + (type.engine()
                        ? SavedRecord.length(SavedRecord.BUFFER) + SavedRecord.length(SavedRecord.STATE)
                        : (long) SavedPort.LENGTH * type.ports());
    }

    /** Last close, and RESET: sessions end, the device runs again. */
    void reset() {
        migrationLock.lock();
        try {
            endSessions();
            state = VFIO_DEVICE_STATE_RUNNING;
            device.allow(Activity.FULL);
        } finally {
            migrationLock.unlock();
        }
    }
}
