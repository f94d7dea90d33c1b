// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/**
 * A small file in a device's sysfs directory that only the host can answer (kernel: {@code struct device_attribute},
 * {@code struct bin_attribute}). Thread-safe.
 */
public interface DeviceAttribute {
    /** Permission bits, for example 0644. */
    int mode();

    /** Whether it is bytes at positions, made anew at every read, instead of a text that is read from its beginning. */
    default boolean binary() {
        return false;
    }

    /** Size as {@code stat} tells it: a page for a text, whatever is in it; the true size of a binary attribute. */
    default long size() {
        return 4096;
    }

    /**
     * All of its bytes as they are now; a text ends with a newline.
     *
     * @throws org.vfio4j.uapi.VfioException EIO when it cannot be read, or the attribute's errno
     */
    byte[] read();

    /**
     * Writes: a text attribute takes the whole text in one call, a binary one takes bytes at a position.
     *
     * @param position byte offset; 0 for a text
     * @throws org.vfio4j.uapi.VfioException EIO when it cannot be written, EINVAL for a text it does not take, or the
     *     attribute's errno
     */
    void write(long position, byte[] bytes);
}
