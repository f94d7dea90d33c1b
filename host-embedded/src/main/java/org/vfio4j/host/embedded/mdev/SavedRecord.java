// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * A record in the saved data of a serial device with a DMA engine, little-endian. Buffers may come several times, the last
 * one counts; the state comes once and ends the data.
 *
 * <pre>{@code
 * struct record {
 *     u32 kind;    // 1 buffer, 2 state
 *     u32 length;  // bytes that follow
 * }
 * struct state {
 *     struct serial_port_state port;
 *     u64 address;
 *     u32 count, command, status, error, moved, pad;
 * }
 * }</pre>
 */
final class SavedRecord {
    /** Bytes of a record's head. */
    static final int HEAD_LENGTH = 8;

    /** The engine's buffer. */
    static final int BUFFER = 1;
    /** Port and engine registers. */
    static final int STATE = 2;

    /** Bytes of the engine's registers. */
    static final int ENGINE_LENGTH = 32;

    private static final int STATE_LENGTH = SavedPort.LENGTH + ENGINE_LENGTH;

    private SavedRecord() {}

    /** Bytes behind the head of a kind. */
    static int bodyLength(int kind) {
        return kind == BUFFER ? SerialDma.BUFFER_LENGTH : STATE_LENGTH;
    }

    /** Bytes of a whole record. */
    static int length(int kind) {
        return HEAD_LENGTH + bodyLength(kind);
    }

    /** Writes the head and answers the room for the body. */
    static MemorySegment write(MemorySegment record, int kind) {
        record.set(UapiLayouts.U32, 0, kind);
        record.set(UapiLayouts.U32, 4, bodyLength(kind));
        return record.asSlice(HEAD_LENGTH, bodyLength(kind));
    }

    /**
     * Reads a head.
     *
     * @return the kind
     * @throws VfioException EFAULT when there is no such record
     */
    static int kind(MemorySegment head) {
        int kind = head.get(UapiLayouts.U32, 0);
        int length = head.get(UapiLayouts.U32, 4);
        if ((kind != BUFFER && kind != STATE) || length != bodyLength(kind)) {
            throw new VfioException(
                    Errno.EFAULT,
                    "restore refused: there is no record of kind " + Integer.toUnsignedString(kind) + " with "
                            + Integer.toUnsignedString(length) + " bytes");
        }
        return kind;
    }

    /** The port in the body of a state. */
    static MemorySegment port(MemorySegment state) {
        return state.asSlice(0, SavedPort.LENGTH);
    }

    /** The engine's registers in the body of a state. */
    static MemorySegment engine(MemorySegment state) {
        return state.asSlice(SavedPort.LENGTH, ENGINE_LENGTH);
    }
}
