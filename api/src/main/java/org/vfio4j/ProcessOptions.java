// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.EnumSet;
import java.util.Set;
import org.vfio4j.spi.call.Capability;

/**
 * What a caller of raw calls may do.
 *
 * @param uid real user id
 * @param capabilities what it has
 * @param memlockLimit {@code RLIMIT_MEMLOCK} in bytes, {@link Long#MAX_VALUE} for unlimited
 * @param maxFiles {@code RLIMIT_NOFILE}
 */
public record ProcessOptions(int uid, Set<Capability> capabilities, long memlockLimit, int maxFiles) {
    /** Copies the set. */
    public ProcessOptions {
        capabilities = Set.copyOf(capabilities);
    }

    /** User 0 with all capabilities and 1024 descriptors. */
    public static ProcessOptions root() {
        return new ProcessOptions(0, EnumSet.allOf(Capability.class), Long.MAX_VALUE, 1024);
    }

    /** An ordinary user with a limit on locked memory. */
    public static ProcessOptions user(int uid, long memlockLimit) {
        return new ProcessOptions(uid, Set.of(), memlockLimit, 1024);
    }
}
