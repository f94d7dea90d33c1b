// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import org.vfio4j.spi.memory.AddressSpace;

/**
 * Who makes a raw call (kernel: {@code current}): memory, descriptors, credentials and limits. Asked at call time, since
 * limits and credentials change. Thread-safe.
 */
public interface Caller {
    /** Memory that pointers in arguments refer to. */
    AddressSpace memory();

    /** Descriptors that numbers in arguments refer to. */
    FdTable files();

    /** Whether the caller has a capability in the initial user namespace now. */
    boolean capable(Capability capability);

    /** {@code RLIMIT_MEMLOCK} in bytes; {@link Long#MAX_VALUE} for unlimited. */
    long memlockLimit();

    /** Real user id, the owner of per-user accounting. */
    int uid();
}
