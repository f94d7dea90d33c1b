// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.Protection;

/**
 * A range of user addresses with one object behind it and one protection (kernel: {@code vm_area_struct}).
 *
 * @param start first address
 * @param end first address after it
 * @param object what it shows; byte 0 of the object is at {@code object.start}
 * @param protection what the user, and devices pinned from now on, may do: a mask of {@link Protection}; 0 for nothing
 */
record VmArea(long start, long end, VmObject object, int protection) {
    /** Whether memory is there for an access now. */
    boolean allows(boolean write) {
        return (protection & (write ? Protection.WRITE : Protection.READ)) != 0 && object.memory.alive();
    }

    /** Offset of an address in the object's memory. */
    long offset(long address) {
        return address - object.start;
    }

    long phys(long address) {
        return object.phys + offset(address);
    }

    /** The part before an address, or null when there is none. */
    @Nullable
    VmArea before(long address) {
        return address > start ? new VmArea(start, address, object, protection) : null;
    }

    /** The part from an address on, or null when there is none. */
    @Nullable
    VmArea from(long address) {
        return address < end ? new VmArea(address, end, object, protection) : null;
    }
}
