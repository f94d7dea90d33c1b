// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * What the registers of one part of configuration space do beyond being masked: a header or a capability. Called with the
 * configuration lock held. Offsets are those of configuration space; a chunk never leaves its dword.
 */
interface ConfigHandler {
    /** Masks are all there is. */
    ConfigHandler PLAIN = new ConfigHandler() {};

    /** Reads a chunk of 1, 2 or 4 bytes. */
    default int read(VirtualConfig config, int offset, int size) {
        return config.readMasked(offset, size);
    }

    /** Writes a chunk of 1, 2 or 4 bytes. */
    default void write(VirtualConfig config, int offset, int size, int value) {
        config.writeMasked(offset, size, value);
    }

    /** After a write of this part, with the configuration lock dropped: the place to let interrupts out. */
    default void written() {}
}
