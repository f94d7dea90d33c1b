// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.fslmc;

/**
 * A region of an object.
 *
 * @param start bus address
 * @param size bytes
 * @param kind what is behind it
 * @param cacheable CACHEABLE flag
 * @param shareable SHAREABLE flag
 */
public record McRegion(long start, long size, Kind kind, boolean cacheable, boolean shareable) {
    /** What a region is. */
    public enum Kind {
        /** A management-complex command portal: 64 bytes of command. */
        MC_PORTAL,
        /** A queue-manager software portal. */
        QBMAN_PORTAL
    }
}
