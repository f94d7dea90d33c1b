// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.invoke.VarHandle;

/**
 * The order that makes an unmap a barrier: a device marks itself busy and then looks at translations; an unmap changes
 * translations and then looks who is busy. At least one of the two must see the other, so neither may do its second step
 * before its first is visible.
 *
 * <p>Both sides pay a full fence. An asymmetric barrier (kernel: {@code membarrier}) would move the whole price to the
 * unmap side; it is a native call, which this module does not make. Whoever offers one replaces this class alone.
 */
final class AccessFence {
    private AccessFence() {}

    /** A device has marked itself busy and is about to look at translations. */
    static void deviceEntered() {
        VarHandle.fullFence();
    }

    /** Translations have been changed and busy marks are about to be looked at. */
    static void translationsChanged() {
        VarHandle.fullFence();
    }
}
