// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.vfio4j.spi.memory.FileRange;

/** A live mapping of a file. While it exists the file is not released. */
public interface UapiMapping extends AutoCloseable {
    /**
     * The mapped bytes. Access while the device has them revoked (memory decoding off, reset) throws
     * {@link IllegalStateException}, the counterpart of SIGBUS. A thread that is just using a segment when it is revoked finds
     * itself interrupted, too: so the JVM ends accesses to memory that goes.
     */
    MemorySegment segment();

    /**
     * The file that holds the mapped bytes, so that a door can map them into the process it speaks for. It can be asked for
     * and opened at any time while this mapping lives, also while the bytes are revoked: then a mapping of the file gives SIGBUS,
     * and works again with {@link #segment}. When this mapping is closed, mappings of the file may end for good.
     *
     * @return empty when only this process can reach the bytes
     */
    default Optional<FileRange> backing() {
        return Optional.empty();
    }

    /** Unmaps (kernel: {@code munmap}). Idempotent. */
    @Override
    void close();
}
