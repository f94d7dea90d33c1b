// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.DmaBuffer;

/** Makes the buffers of the typed API in one address space. Thread-safe. */
public final class DmaBuffers {
    private final JvmAddressSpace space;

    /** Buffers become memory of {@code space}, which frees what is left when it is closed. */
    public DmaBuffers(JvmAddressSpace space) {
        this.space = space;
    }

    /**
     * Allocates a zeroed buffer; see {@link JvmAddressSpace#allocate}.
     *
     * @param size bytes, 1 to 2^39
     * @throws org.vfio4j.uapi.VfioException EINVAL, ENOMEM, or ESRCH when the address space is closed
     */
    public DmaBuffer allocate(long size) {
        return new Buffer(space, space.allocate(size));
    }

    /**
     * A buffer. After close no segment is handed out; segments handed out before throw once the memory is freed, which
     * pins defer.
     */
    private static final class Buffer implements DmaBuffer {
        private final JvmAddressSpace space;
        private final MemorySegment memory;
        private final AtomicBoolean closed = new AtomicBoolean();

        Buffer(JvmAddressSpace space, MemorySegment memory) {
            this.space = space;
            this.memory = memory;
        }

        @Override
        public MemorySegment segment() {
            if (closed.get()) {
                throw new IllegalStateException("the buffer at 0x" + Long.toHexString(address()) + " is closed");
            }
            return memory;
        }

        @Override
        public long address() {
            return memory.address();
        }

        @Override
        public long size() {
            return memory.byteSize();
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                space.free(memory);
            }
        }
    }
}
