// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** Memory mapped for devices. Closing it unmaps it; idempotent. */
public interface DmaMapping extends AutoCloseable {
    /** First address for the device. */
    long iova();

    /** Bytes. */
    long length();

    @Override
    void close();
}
