// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.lang.foreign.MemorySegment;

/**
 * Page-aligned memory of this process that devices can be given. Closing it while it is mapped is safe: the memory is
 * freed when the last mapping has gone, though {@link #segment} is unusable at once.
 */
public interface DmaBuffer extends AutoCloseable {
    /** The bytes. */
    MemorySegment segment();

    /** Address in this process, as raw calls take it. */
    long address();

    /** Bytes. */
    long size();

    @Override
    void close();
}
