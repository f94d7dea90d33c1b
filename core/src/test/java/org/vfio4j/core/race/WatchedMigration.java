// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioMigration;

/** A driver's migration with one session at a time, which never outlives the opening of the device it began in. */
final class WatchedMigration implements MigrationOps {
    private static final int FLAGS = VfioMigration.VFIO_MIGRATION_STOP_COPY
            | VfioMigration.VFIO_MIGRATION_P2P
            | VfioMigration.VFIO_MIGRATION_PRE_COPY;

    private final Books books;
    private final Supplier<MigrationControl> control;

    /** Guards all of the following. */
    private final ReentrantLock stateLock = new ReentrantLock();

    private int state = VfioMigration.VFIO_DEVICE_STATE_RUNNING;
    private boolean open;
    private @Nullable Session session;

    WatchedMigration(Books books, Supplier<MigrationControl> control) {
        this.books = books;
        this.control = control;
    }

    /** Sessions that have not ended: at most one. */
    int sessions() {
        stateLock.lock();
        try {
            return session == null ? 0 : 1;
        } finally {
            stateLock.unlock();
        }
    }

    void opened() {
        stateLock.lock();
        try {
            books.require(session == null, "a session is left from before the device was opened");
            books.require(state == VfioMigration.VFIO_DEVICE_STATE_RUNNING, "the device is opened in state " + state);
            open = true;
        } finally {
            stateLock.unlock();
        }
    }

    /** Close and reset end every session and let the device run. */
    void closed() {
        stateLock.lock();
        try {
            open = false;
            reset();
        } finally {
            stateLock.unlock();
        }
    }

    void reset() {
        stateLock.lock();
        try {
            session = null;
            state = VfioMigration.VFIO_DEVICE_STATE_RUNNING;
        } finally {
            stateLock.unlock();
        }
    }

    @Override
    public int flags() {
        return FLAGS;
    }

    @Override
    public @Nullable MigrationStream setState(int wanted) {
        stateLock.lock();
        try {
            books.require(open, "SET_STATE of a closed device");
            Session started = null;
            while (state != wanted) {
                started = arc(control.get().nextState(FLAGS, state, wanted));
            }
            return started;
        } finally {
            stateLock.unlock();
        }
    }

    private @Nullable Session arc(int next) {
        int before = state;
        state = next;
        boolean saves = next == VfioMigration.VFIO_DEVICE_STATE_STOP_COPY
                || next == VfioMigration.VFIO_DEVICE_STATE_PRE_COPY
                || next == VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
        boolean resumes = next == VfioMigration.VFIO_DEVICE_STATE_RESUMING;
        if (!saves && !resumes) {
            session = null;
            return null;
        }
        if (session != null) {
            // Goes on on the same file.
            return null;
        }
        books.require(before != next, "an arc from a state to itself");
        var started = new Session(saves);
        session = started;
        return started;
    }

    @Override
    public int state() {
        stateLock.lock();
        try {
            return state;
        } finally {
            stateLock.unlock();
        }
    }

    @Override
    public long dataSize() {
        return 64;
    }

    /** The data of a session: zeros. */
    private final class Session implements MigrationStream {
        private final boolean saving;

        private Session(boolean saving) {
            this.saving = saving;
        }

        private long transfer(MemorySegment bytes) {
            stateLock.lock();
            try {
                if (session != this) {
                    throw new VfioException(Errno.ENODEV, "the session has ended");
                }
                books.require(open, "data of a closed device is transferred");
                return bytes.byteSize();
            } finally {
                stateLock.unlock();
            }
        }

        @Override
        public boolean saving() {
            return saving;
        }

        @Override
        public long read(MemorySegment target) {
            return transfer(target);
        }

        @Override
        public long write(MemorySegment source) {
            return transfer(source);
        }

        @Override
        public PrecopyInfo precopyInfo() {
            return new PrecopyInfo(0, 0, 0);
        }

        @Override
        public void close() {}
    }
}
