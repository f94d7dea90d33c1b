// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

/** The adder's registers: offsets in region 0 and what the bits mean. All are 32 bits wide and little-endian. */
final class AdderRegisters {
    /** Bytes of registers. */
    static final int SIZE = 0x20;

    /** Bytes of the device's own buffer: the longest vector. */
    static final int BUFFER_SIZE = 4096;

    /** Read-only: {@link #IDENTITY}. */
    static final int ID = 0x00;

    /** Write-only: starts a command. */
    static final int COMMAND = 0x04;

    /** Read-only: how the last command ended. */
    static final int STATUS = 0x08;

    /** Length of the vector in bytes: a multiple of 4, at most {@link #BUFFER_SIZE}. */
    static final int LENGTH = 0x0c;

    /** I/O address of the vector, lower and upper half. */
    static final int ADDRESS_LOW = 0x10;

    static final int ADDRESS_HIGH = 0x14;

    /** Read-only: sum of the vector read last, lower and upper half. */
    static final int SUM_LOW = 0x18;

    static final int SUM_HIGH = 0x1c;

    /** What {@link #ID} reads: "ADDR". */
    static final int IDENTITY = 0x52444441;

    /** Command: read the vector into the buffer and add it up. */
    static final int LOAD = 1;

    /** Command: write the buffer back. */
    static final int STORE = 2;

    /** Command: write the 64-bit sum; {@link #LENGTH} does not matter. */
    static final int STORE_SUM = 3;

    /** Status: the last command has ended. */
    static final int DONE = 1;

    /** Status: it did not do what it was told; its access was refused, or the command or length was none. */
    static final int ERROR = 2;

    private AdderRegisters() {}
}
