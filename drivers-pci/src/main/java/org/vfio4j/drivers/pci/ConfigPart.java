// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * A stretch of configuration space with one meaning: the header, a capability, or bytes nothing is known of.
 *
 * @param what for people
 * @param start first byte
 * @param length bytes
 * @param handler what its registers do
 */
record ConfigPart(String what, int start, int length, ConfigHandler handler) {
    /** Bytes that belong to nothing visible: reads and writes reach hardware as they are. */
    static final ConfigPart RAW = new ConfigPart("raw", 0, 0, ConfigHandler.PLAIN);
}
