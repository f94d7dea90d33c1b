// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.PageFile;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Pages of a file (kernel: {@code IOPT_ADDRESS_FILE}), which stay the file's when its descriptor is closed or the process that
 * mapped it has ended. Any open file is taken; that it has no pages shows when some are asked for. Spec: iommufd §5.5.
 */
final class FilePages implements PageSource {
    /** Null for a file without pages: there is nothing to hold it for. */
    private final @Nullable FileReference held;

    private final @Nullable PageFile file;

    /** Place of page 0 in the file. */
    private final long base;

    /** Takes over a reference to the file. */
    FilePages(FileReference reference, long base) {
        this.base = base;
        if (reference.file() instanceof PageFile pages) {
            this.held = reference;
            this.file = pages;
        } else {
            // Also the iommufd itself is such a file: held, it would never be released.
            this.held = null;
            this.file = null;
            reference.close();
        }
    }

    @Override
    public long address(long offset) {
        return base + offset;
    }

    @Override
    public void pin(long offset, long length, boolean write, RunSink sink) {
        if (file == null) {
            throw new VfioException(Errno.EINVAL, "a file that is not made of memory pages cannot be mapped for DMA");
        }
        if (base + offset < 0 || base + offset > Long.MAX_VALUE - length) {
            throw new VfioException(
                    Errno.EINVAL, IovaSpace.hex(base + offset) + " lies beyond the largest position in a file");
        }
        file.pin(base + offset, length, write, sink);
    }

    /** {@inheritDoc} Never: what is read or written is a page, and pages are found by pinning them. */
    @Override
    public boolean copy(long offset, MemorySegment buffer, long bufferOffset, long length, boolean write) {
        return false;
    }

    @Override
    public boolean ofFile() {
        return true;
    }

    @Override
    public void close() {
        if (held != null) {
            held.close();
        }
    }
}
