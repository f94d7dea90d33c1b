// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

/** What areas of an address space show: one segment, inserted into physical memory (kernel: {@code address_space}). */
final class VmObject {
    final SegmentMemory memory;
    final long start;
    final long phys;
    /** Whether the address space allocated it, so that freeing it is right and unregistering is not. */
    final boolean allocated;

    /** Bytes that areas still show; at 0 the object leaves physical memory. Guarded by the address space's areasLock. */
    long shown;

    VmObject(SegmentMemory memory, long phys, boolean allocated) {
        this.memory = memory;
        this.start = memory.alignmentAddress();
        this.phys = phys;
        this.allocated = allocated;
        this.shown = memory.size();
    }

    long end() {
        return start + memory.size();
    }
}
