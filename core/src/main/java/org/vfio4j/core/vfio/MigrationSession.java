// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.device.MigrationStream;
import org.vfio4j.spi.device.MigrationStream.PrecopyInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The data of one migration session (kernel: the file {@code migration_set_state} returns): a stream in one direction. It
 * does not keep the device open: once the driver ended the session, its calls fail. Thread-safe. Spec: core MG-7 to MG-9.
 */
public final class MigrationSession implements AutoCloseable {
    private final CoreDevice device;
    private final MigrationStream stream;

    MigrationSession(CoreDevice device, MigrationStream stream) {
        this.device = device;
        this.stream = stream;
    }

    /** Whether the device's state is read from it; otherwise it is written to it. */
    public boolean saving() {
        return stream.saving();
    }

    /**
     * Reads the next bytes of the saved state.
     *
     * @return bytes read; 0 at the end of a STOP_COPY stream, or when none were asked for
     * @throws VfioException EBADF on the resuming side, ENOMSG at the end for now of a PRE_COPY stream, ENODEV once the
     *     session ended
     */
    public long read(MemorySegment target) {
        if (!stream.saving()) {
            throw wrongDirection("read of the state being restored");
        }
        return target.byteSize() == 0 ? 0 : stream.read(target);
    }

    /**
     * Hands over the next bytes of the state being restored.
     *
     * @return bytes taken
     * @throws VfioException EBADF on the saving side, ENODEV once the session ended
     */
    public long write(MemorySegment source) {
        if (stream.saving()) {
            throw wrongDirection("write to the state being saved");
        }
        return source.byteSize() == 0 ? 0 : stream.write(source);
    }

    private VfioException wrongDirection(String what) {
        return new VfioException(Errno.EBADF, "MG-9", what + " of " + device + " refused: the file has one direction");
    }

    /** Whether the user opted in to the flags of {@link #precopyInfo} since the first open (feature 12). */
    public boolean precopyFlagsMeant() {
        return device.migrationControl().precopyInfoV2();
    }

    /**
     * What is left to read before the device needs to be stopped.
     *
     * @throws VfioException ENOTTY on the resuming side, EINVAL outside PRE_COPY and PRE_COPY_P2P, ENODEV once the session
     *     ended
     */
    public PrecopyInfo precopyInfo() {
        requireSaving();
        return stream.precopyInfo();
    }

    /**
     * Refuses on the resuming side, whose file knows no device-control calls.
     *
     * @throws VfioException ENOTTY
     */
    public void requireSaving() {
        if (!stream.saving()) {
            throw new VfioException(
                    Errno.ENOTTY, "MG-9", "precopy info of " + device + " refused: its state is being restored");
        }
    }

    /** The data file is released; the session itself goes on. To be called once, when no other call runs. */
    @Override
    public void close() {
        stream.close();
    }
}
