// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.RegionInfo;

/**
 * A region of an open device: registers, memory or configuration space. Offsets are bytes from the region's start; values
 * are little-endian. Accesses of 1, 2, 4 or 8 bytes reach the device as one access if aligned. Thread-safe; does not
 * allocate.
 */
public interface Region {
    /** GET_REGION_INFO. */
    RegionInfo info();

    /** Reads one byte, zero-extended. */
    int readByte(long offset);

    /** Reads two bytes, zero-extended. */
    int readShort(long offset);

    /** Reads four bytes. */
    int readInt(long offset);

    /** Reads eight bytes. */
    long readLong(long offset);

    /** Writes one byte. */
    void writeByte(long offset, int value);

    /** Writes two bytes. */
    void writeShort(long offset, int value);

    /** Writes four bytes. */
    void writeInt(long offset, int value);

    /** Writes eight bytes. */
    void writeLong(long offset, long value);

    /**
     * Reads a block.
     *
     * @return bytes read, fewer than asked for at the region's end
     */
    long read(long offset, MemorySegment target);

    /**
     * Writes a block.
     *
     * @return bytes written
     */
    long write(long offset, MemorySegment source);

    /** Maps part of the region, where the device allows it. */
    UapiMapping map(long offset, long length);
}
