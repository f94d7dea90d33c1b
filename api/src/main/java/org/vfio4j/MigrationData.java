// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import org.vfio4j.spi.device.MigrationStream.PrecopyInfo;

/**
 * The data of one migration session (kernel: the migration data file), in one direction. The session ends when the device
 * leaves the states it is for, is reset or closed; closing this does not end it. Failures are
 * {@link org.vfio4j.uapi.VfioException}: ENODEV once the session has ended, EBADF in the other direction and after
 * {@link #close}. Thread-safe. Spec: core MG-7 to MG-9.
 */
public interface MigrationData extends ByteChannel {
    /** Whether the device's state is read from here; otherwise it is written to here. */
    boolean saving();

    /**
     * Reads the next bytes of the device's state.
     *
     * @return bytes read; 0 when there is nothing more for now, because the device still runs; -1 when all was read
     */
    @Override
    int read(ByteBuffer target);

    /**
     * Gives the device the next bytes of its state to be.
     *
     * @return bytes taken
     */
    @Override
    int write(ByteBuffer source);

    /**
     * What is left to read before the device needs to be stopped. Its flags are 0 without
     * {@link Migration#enablePrecopyFlags}.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL outside PRE_COPY and PRE_COPY_P2P, ENOTTY when not saving
     */
    PrecopyInfo precopyInfo();

    @Override
    void close();
}
