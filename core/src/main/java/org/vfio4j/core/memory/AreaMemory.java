// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import org.vfio4j.spi.memory.BackingMemory;

/** Memory that areas of an address space can show. */
sealed interface AreaMemory extends BackingMemory permits SegmentMemory, MappedMemory {
    /** Whether the bytes are there now. */
    boolean alive();

    /** Makes a range resident; false when part of it is not there. */
    boolean populate(long offset, long length, int pageSize);
}
