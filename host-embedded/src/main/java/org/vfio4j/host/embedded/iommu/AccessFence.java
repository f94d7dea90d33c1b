// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.invoke.VarHandle;
import org.vfio4j.spi.memory.ProcessBarrier;

/**
 * The order that makes an unmap a barrier. Both sides write one thing and then read another (Dekker's pattern):
 *
 * <pre>
 *   a device's access                        an unmap
 *   1  counter := odd                        1  tables and generation := changed
 *   2  deviceEntered                         2  translationsChanged
 *   3  read generation, IOTLB, tables        3  read counter; odd: wait until it changes
 *   4  copy
 *   5  counter := even (release)
 * </pre>
 *
 * <p>Each side may miss the other's write only if its own read is done before its own write is visible, which is what a
 * processor's store buffer does unless something between the two prevents it. When both miss, the unmap returns while the
 * access still copies through the old translation. One of the two must therefore see the other.
 *
 * <p><b>With a process-wide barrier</b> the device does nothing between 1 and 3: it only keeps them in program order. The unmap
 * runs the barrier between its own 1 and 3, which puts a full fence into the device's thread somewhere, at a moment M. If M
 * comes before the device's step 3, the unmap's changes, made before M, are seen by it. If M comes after step 3, it comes after step 1 too:
 * the counter is visible to the unmap, which reads it after M. So one of the two sees the other, wherever M falls. An
 * access that begins after M is no concern: it sees the changes. Threads that run on no processor at M have passed a full
 * fence when they were taken off it.
 *
 * <p>Program order at the device is the compiler's and the processor's affair. The processor may delay the store, which M
 * repairs. The compiler may not move it: it is an opaque store, the first reads that decide (which translation, which
 * generation) are opaque too, and HotSpot lets no memory access pass an opaque one. The language alone does not promise
 * this for two different variables, so a race test watches it.
 *
 * <p><b>Without one</b> both sides execute a full fence.
 *
 * <p>A barrier costs a system call, so {@link PortSet} leaves it out where it can prove that no access needs it.
 */
final class AccessFence {
    private final ProcessBarrier barrier;

    /** Whether devices pay nothing because unmaps run the barrier. */
    private final boolean asymmetric;

    AccessFence(ProcessBarrier barrier) {
        this.barrier = barrier;
        this.asymmetric = barrier.available();
    }

    /** A device has marked itself busy and is about to look at translations. */
    void deviceEntered() {
        if (!asymmetric) {
            VarHandle.fullFence();
        }
    }

    /**
     * Translations have been changed and busy marks are about to be looked at.
     *
     * @param devicesFence whether every access that may have missed the change executes a full fence of its own
     */
    void translationsChanged(boolean devicesFence) {
        VarHandle.fullFence();
        if (asymmetric && !devicesFence) {
            barrier.run();
        }
    }
}
