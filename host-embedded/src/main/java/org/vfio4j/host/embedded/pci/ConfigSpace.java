// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/**
 * A function's configuration registers as hardware keeps them: every bit is read-only, writable, or cleared by writing
 * one. Not thread-safe: its {@link EmbeddedFunction} guards it.
 */
final class ConfigSpace {
    static final int VENDOR = 0x00;
    static final int DEVICE = 0x02;
    static final int COMMAND = 0x04;
    static final int STATUS = 0x06;
    static final int HEADER_TYPE = 0x0e;
    static final int BAR0 = 0x10;
    static final int INTERRUPT_PIN = 0x3d;

    static final int COMMAND_IO = 0x1;
    static final int COMMAND_MEMORY = 0x2;
    static final int COMMAND_MASTER = 0x4;
    static final int COMMAND_INTX_DISABLE = 0x400;
    static final int STATUS_INTERRUPT = 0x8;

    private final byte[] value;
    private final byte[] writable;
    private final byte[] clearable;

    /**
     * Registers with a content.
     *
     * @param content 256 or 4096 bytes, copied
     * @param writable bits that take what is written
     * @param clearable bits that a written one clears
     */
    ConfigSpace(byte[] content, byte[] writable, byte[] clearable) {
        this.value = content.clone();
        this.writable = writable;
        this.clearable = clearable;
    }

    int size() {
        return value.length;
    }

    int read(int offset, int size) {
        return LittleEndian.get(value, offset, size);
    }

    void write(int offset, int size, int written) {
        for (int i = 0; i < size; i++) {
            int at = offset + i;
            int bits = written >>> (8 * i);
            value[at] = (byte) ((value[at] & ~writable[at]) | (bits & writable[at]));
            value[at] &= (byte) ~(bits & clearable[at]);
        }
    }

    /** Changes bits whatever their kind: what hardware itself does. */
    void set(int offset, int size, int bits, int mask) {
        LittleEndian.put(value, offset, size, (LittleEndian.get(value, offset, size) & ~mask) | (bits & mask));
    }

    /** Writable bits fall to zero, as after a reset. */
    void reset() {
        for (int i = 0; i < value.length; i++) {
            value[i] &= (byte) ~(writable[i] | clearable[i]);
        }
    }

    /** The content now. */
    byte[] save() {
        return value.clone();
    }

    /** Gives writable bits the values they had; events recorded since stay. */
    void restore(byte[] saved) {
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) ((value[i] & ~writable[i]) | (saved[i] & writable[i]));
        }
    }
}
