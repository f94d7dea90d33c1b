// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import org.vfio4j.ffm.LinuxMemory;

/**
 * Huge pages behind large buffers, where the system gives them: a device that jumps about in its memory then misses the
 * processor's TLB less. It is advice only, and needs native access for {@code org.vfio4j.ffm}; without it nothing is lost
 * but speed.
 */
public final class HugePages {
    private static final boolean AVAILABLE = LinuxMemory.class.getModule().isNativeAccessEnabled()
            && System.getProperty("os.name", "").equals("Linux");

    private HugePages() {}

    /** Gathers freshly zeroed memory into huge pages. */
    public static void prefer(MemorySegment memory) {
        if (AVAILABLE) {
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_HUGE_PAGE);
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_COLLAPSE);
        }
    }
}
