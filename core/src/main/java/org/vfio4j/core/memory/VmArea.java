// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import org.jspecify.annotations.Nullable;

/**
 * A range of user addresses with one object behind it and one protection (kernel: {@code vm_area_struct}).
 *
 * @param start first address
 * @param end first address after it
 * @param object what it shows; byte 0 of the object is at {@code object.start}
 * @param writable whether the user, and devices pinned from now on, may write
 */
record VmArea(long start, long end, VmObject object, boolean writable) {
    /** Whether memory is there for an access now. */
    boolean allows(boolean write) {
        return (writable || !write) && object.memory.alive();
    }

    /** Offset of an address in the object's segment. */
    long offset(long address) {
        return address - object.start;
    }

    long phys(long address) {
        return object.phys + offset(address);
    }

    /** The part before an address, or null when there is none. */
    @Nullable
    VmArea before(long address) {
        return address > start ? new VmArea(start, address, object, writable) : null;
    }

    /** The part from an address on, or null when there is none. */
    @Nullable
    VmArea from(long address) {
        return address < end ? new VmArea(address, end, object, writable) : null;
    }
}
