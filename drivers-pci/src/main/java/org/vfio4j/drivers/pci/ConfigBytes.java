// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** Little-endian numbers of 1, 2 or 4 bytes in an array, as configuration space keeps them. */
final class ConfigBytes {
    private ConfigBytes() {}

    static int get(byte[] bytes, int offset, int size) {
        int value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << 8) | (bytes[offset + i] & 0xff);
        }
        return value;
    }

    static void put(byte[] bytes, int offset, int size, int value) {
        for (int i = 0; i < size; i++) {
            bytes[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    /** The old value with the bits of a mask taken from another. */
    static int merge(int old, int other, int mask) {
        return (old & ~mask) | (other & mask);
    }

    /** All bits of a number of this size. */
    static int ones(int size) {
        return size == 4 ? -1 : (1 << (8 * size)) - 1;
    }
}
