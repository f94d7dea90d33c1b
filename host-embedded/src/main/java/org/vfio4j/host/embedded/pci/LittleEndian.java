// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/** Little-endian numbers of 1, 2 or 4 bytes in a byte array: the order of configuration space. */
final class LittleEndian {
    private LittleEndian() {}

    /** A number, zero-extended. */
    static int get(byte[] bytes, int offset, int size) {
        int value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << 8) | (bytes[offset + i] & 0xff);
        }
        return value;
    }

    /** Stores a number's low bytes. */
    static void put(byte[] bytes, int offset, int size, int value) {
        for (int i = 0; i < size; i++) {
            bytes[offset + i] = (byte) (value >>> (8 * i));
        }
    }
}
