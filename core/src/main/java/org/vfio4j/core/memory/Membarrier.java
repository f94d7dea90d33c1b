// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import org.vfio4j.ffm.LinuxMembarrier;
import org.vfio4j.spi.memory.ProcessBarrier;

/**
 * The kernel's barrier for all threads of this process. The process is registered for it once, when the barrier is first
 * asked for; a kernel or a sandbox that refuses, another system and a module without native access leave it unavailable.
 */
public final class Membarrier implements ProcessBarrier {
    private static final Membarrier PROCESS = new Membarrier();

    private Membarrier() {}

    /** The barrier of this process, or one that is unavailable. */
    public static ProcessBarrier ofProcess() {
        return PROCESS.available() ? PROCESS : ProcessBarrier.unavailable();
    }

    @Override
    public boolean available() {
        return Registration.DONE;
    }

    @Override
    public void run() {
        if (LinuxMembarrier.membarrier(LinuxMembarrier.PRIVATE_EXPEDITED) == 0) {
            return;
        }
        // A kernel short of memory may refuse the fast one: the slow one has nothing to allocate.
        int refusal = LinuxMembarrier.membarrier(LinuxMembarrier.GLOBAL);
        if (refusal != 0) {
            throw new IllegalStateException("membarrier failed although registered: errno " + -refusal);
        }
    }

    /** Done when first asked, so that a process without devices is not registered. */
    private static final class Registration {
        static final boolean DONE = System.getProperty("os.name", "").equals("Linux")
                && LinuxMembarrier.class.getModule().isNativeAccessEnabled()
                && LinuxMembarrier.membarrier(LinuxMembarrier.REGISTER_PRIVATE_EXPEDITED) == 0
                && LinuxMembarrier.membarrier(LinuxMembarrier.PRIVATE_EXPEDITED) == 0;
    }
}
