// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.vfio4j.MigrationData;
import org.vfio4j.core.vfio.MigrationSession;
import org.vfio4j.spi.device.MigrationStream.PrecopyInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The data of a migration session as the program holds it; calls are counted, so that none meets the release. */
final class MigrationDataHandle implements MigrationData {
    private static final int END = -1;

    private final MigrationSession session;
    private final Handles handles;
    private final HoldCount holds;
    private volatile boolean open = true;

    MigrationDataHandle(MigrationSession session, String device, Handles handles) {
        this.session = session;
        this.handles = handles;
        this.holds = new HoldCount(() -> "the migration data of " + device, session::close);
    }

    @Override
    public boolean saving() {
        return session.saving();
    }

    @Override
    public int read(ByteBuffer target) {
        boolean asked = target.hasRemaining();
        holds.enter();
        try {
            int done = (int) session.read(MemorySegment.ofBuffer(target));
            target.position(target.position() + done);
            return done == 0 && asked ? END : done;
        } catch (VfioException e) {
            if (e.errno() == Errno.ENOMSG) {
                return 0;
            }
            throw e;
        } finally {
            holds.exit();
        }
    }

    @Override
    public int write(ByteBuffer source) {
        holds.enter();
        try {
            int done = (int) session.write(MemorySegment.ofBuffer(source));
            source.position(source.position() + done);
            return done;
        } finally {
            holds.exit();
        }
    }

    @Override
    public PrecopyInfo precopyInfo() {
        holds.enter();
        try {
            boolean flagsMeant = session.precopyFlagsMeant();
            var info = session.precopyInfo();
            return flagsMeant ? info : new PrecopyInfo(0, info.initialBytes(), info.dirtyBytes());
        } finally {
            holds.exit();
        }
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() {
        open = false;
        if (holds.close()) {
            handles.forget(this);
        }
    }
}
