// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.vfio.DirtyWords;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * A bitmap in a caller's memory. Words are read, completed and written back; like the kernel's they must not be changed by
 * others meanwhile, words beside them may. One thread, for the length of the call.
 *
 * @param buffer {@value #BUFFER} bytes
 */
record UserDirtyWords(AddressSpace memory, long address, MemorySegment buffer) implements DirtyWords {
    /** Bytes moved at once. */
    static final int BUFFER = 4096;

    private static final int BUFFER_WORDS = BUFFER / Long.BYTES;

    @Override
    public void merge(long first, long[] words, int from, int to) {
        for (int at = from; at < to; at += BUFFER_WORDS) {
            int count = Math.min(BUFFER_WORDS, to - at);
            long bytes = (long) count * Long.BYTES;
            long vaddr = address + (first + at - from) * Long.BYTES;
            memory.read(vaddr, buffer, 0, bytes);
            for (int word = 0; word < count; word++) {
                long offset = (long) word * Long.BYTES;
                buffer.set(UapiLayouts.U64, offset, buffer.get(UapiLayouts.U64, offset) | words[at + word]);
            }
            memory.write(vaddr, buffer, 0, bytes);
        }
    }
}
