// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.vfio.MigrationSession;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioPrecopyInfo;

/**
 * The migration data file of one session as raw calls see it: a stream without positions, open in one direction. It does
 * not keep the device open. Spec: core MG-9.
 */
final class MigrationDataFile extends LoggedFile {
    private final MigrationSession session;

    /** The data of a session, closed with this. */
    MigrationDataFile(MigrationSession session) {
        this.session = session;
    }

    /** VFIO_MIG_GET_PRECOPY_INFO; {@code flags} is an output only for users that opted in, else it stays as it came. */
    @Override
    long call(Caller caller, int command, long argument) {
        if (command != VfioIoctl.VFIO_MIG_GET_PRECOPY_INFO) {
            throw new VfioException(
                    Errno.ENOTTY, "MG-9", "a migration data file has no ioctl 0x" + Integer.toHexString(command));
        }
        session.requireSaving();
        try (var user = new UserArgument(caller, argument)) {
            var struct = user.read(VfioPrecopyInfo.SIZEOF, VfioPrecopyInfo.SIZEOF);
            UserArgument.requireArgsz(
                    "MG-9", "GET_PRECOPY_INFO", VfioPrecopyInfo.argsz(struct), VfioPrecopyInfo.MIN_ARGSZ);
            boolean flagsMeant = session.precopyFlagsMeant();
            var info = session.precopyInfo();
            if (flagsMeant) {
                VfioPrecopyInfo.flags(struct, info.flags());
            }
            VfioPrecopyInfo.initialBytes(struct, info.initialBytes());
            VfioPrecopyInfo.dirtyBytes(struct, info.dirtyBytes());
            user.write(struct, VfioPrecopyInfo.SIZEOF);
            return 0;
        }
    }

    @Override
    long readAt(long position, MemorySegment target) {
        return session.read(target);
    }

    @Override
    long writeAt(long position, MemorySegment source) {
        return session.write(source);
    }

    @Override
    public boolean positional() {
        return false;
    }

    @Override
    public void close() {
        session.close();
    }
}
