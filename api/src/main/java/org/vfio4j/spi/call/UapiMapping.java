// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import java.lang.foreign.MemorySegment;

/** A live mapping of a file. While it exists the file is not released. */
public interface UapiMapping extends AutoCloseable {
    /**
     * The mapped bytes. Access while the device has them revoked (memory decoding off, reset) throws
     * {@link IllegalStateException}, the counterpart of SIGBUS.
     */
    MemorySegment segment();

    /** Unmaps (kernel: {@code munmap}). Idempotent. */
    @Override
    void close();
}
