// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;

/** What areas of an address space show: memory at one place, inserted into physical memory (kernel: {@code address_space}). */
final class VmObject {
    /** How the memory came here, and so how it goes. */
    enum Kind {
        ALLOCATED("allocated here"),
        REGISTERED("registered"),
        MAPPED("mapped from a file");

        final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    final AreaMemory memory;
    final Kind kind;
    final long start;
    final long phys;

    /** Bytes that areas still show; at 0 the object leaves physical memory. Guarded by the address space's areasLock. */
    long shown;

    private final MemorySegment place;

    VmObject(AreaMemory memory, MemorySegment place, long phys, Kind kind) {
        this.memory = memory;
        this.place = place;
        this.start = place.address();
        this.phys = phys;
        this.kind = kind;
        this.shown = memory.size();
    }

    long end() {
        return start + memory.size();
    }

    /** Whether the JVM has nothing else at the addresses. */
    boolean inPlace() {
        return place.scope().isAlive();
    }

    boolean isAt(MemorySegment view) {
        return place.equals(view);
    }
}
