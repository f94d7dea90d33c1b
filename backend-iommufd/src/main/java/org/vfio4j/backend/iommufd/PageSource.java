// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.memory.RunSink;

/**
 * Where the pages of a {@link PageObject} come from (kernel: {@code enum iopt_address_type}). Offsets are counted from the first
 * byte of page 0. Spec: iommufd §6.1, §6.5.
 */
sealed interface PageSource permits UserPages, FilePages {
    /** What the automatic choice of an IOVA goes by: the user's address or the place in the file of a byte. */
    long address(long offset);

    /**
     * Pins whole pages, all of them or none.
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT, or for a file what {@link org.vfio4j.spi.call.PageFile#pin} answers
     */
    void pin(long offset, long length, boolean write, RunSink sink);

    /**
     * Copies between a buffer and the pages as they are in the source now, without pinning any.
     *
     * @return false when this source cannot do that: only pinned pages tell then
     * @throws org.vfio4j.uapi.VfioException EFAULT
     */
    boolean copy(long offset, MemorySegment buffer, long bufferOffset, long length, boolean write);

    /** Whether it is a file's pages, which do not belong to a process. */
    boolean ofFile();

    /** Nobody will ask any more. Called once. */
    void close();
}
