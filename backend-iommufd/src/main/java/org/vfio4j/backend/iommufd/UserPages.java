// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.RunSink;

/** Pages of a user's memory (kernel: {@code IOPT_ADDRESS_USER}). */
final class UserPages implements PageSource {
    private final AddressSpace user;

    /** Address of page 0. */
    private final long base;

    UserPages(AddressSpace user, long base) {
        this.user = user;
        this.base = base;
    }

    @Override
    public long address(long offset) {
        return base + offset;
    }

    @Override
    public void pin(long offset, long length, boolean write, RunSink sink) {
        user.pin(base + offset, length, write, sink);
    }

    /** {@inheritDoc} While its owner lives. */
    @Override
    public boolean copy(long offset, MemorySegment buffer, long bufferOffset, long length, boolean write) {
        if (!user.alive()) {
            return false;
        }
        if (write) {
            user.write(base + offset, buffer, bufferOffset, length);
        } else {
            user.read(base + offset, buffer, bufferOffset, length);
        }
        return true;
    }

    @Override
    public boolean ofFile() {
        return false;
    }

    @Override
    public void close() {
        // Nothing is held: an address space goes when its user does.
    }
}
