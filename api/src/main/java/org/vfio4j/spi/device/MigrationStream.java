// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.lang.foreign.MemorySegment;

/**
 * The data of one migration session (kernel: the file that {@code set_state} returns). The core makes the data file of
 * it: no positions, one direction, precopy ioctl. Thread-safe. Spec: core MG-7 to MG-9.
 */
public interface MigrationStream {
    /** Whether the device's state is read from it; otherwise it is written to it. */
    boolean saving();

    /**
     * Reads the next bytes of the saved state.
     *
     * @param target not empty
     * @return bytes read, 0 at the end of a STOP_COPY stream
     * @throws org.vfio4j.uapi.VfioException ENOMSG at the end for now of a PRE_COPY stream, ENODEV once the session ended
     */
    long read(MemorySegment target);

    /**
     * Takes the next bytes of a state being restored.
     *
     * @return bytes taken
     * @throws org.vfio4j.uapi.VfioException ENODEV once the session ended
     */
    long write(MemorySegment source);

    /**
     * What is left to transfer before the device needs to be stopped.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL outside PRE_COPY and PRE_COPY_P2P, ENODEV once the session ended
     */
    PrecopyInfo precopyInfo();

    /** The data file is released. The session itself goes on. */
    void close();

    /**
     * Answer of VFIO_MIG_GET_PRECOPY_INFO.
     *
     * @param flags {@code VFIO_PRECOPY_INFO_*}; shown only to users that opted in
     * @param initialBytes bytes of initial state still to be read
     * @param dirtyBytes bytes that changed since they were read
     */
    record PrecopyInfo(int flags, long initialBytes, long dirtyBytes) {}
}
