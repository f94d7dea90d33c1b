// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.memory.RunSink;

/**
 * How an open device reaches its IOMMU. Made at the first open and remembered in the device until its last close, whatever
 * happens to the group meanwhile. {@link #bind} and {@link #unbind} are called with the set lock held; on the group
 * path the group lock too. Spec: core DF-20, DF-22, §9.3.
 */
sealed interface IommuBinding permits ContainerBinding, IommufdBinding {
    /**
     * The IOMMU step of the first open.
     *
     * @return id of the object made in an iommufd context, 0 without one
     */
    int bind(CoreDevice device);

    /** Undoes {@link #bind}. Cannot fail. */
    void unbind(CoreDevice device);

    /** Pins; arguments common to all bindings are checked already. */
    void pinPages(CoreDevice device, long iova, int pages, int protection, RunSink sink);

    /** Takes pins back; what cannot be is ignored. */
    void unpinPages(CoreDevice device, long iova, int pages);

    /** Copies; arguments common to all bindings are checked already. */
    void dmaRw(CoreDevice device, long iova, MemorySegment buffer, boolean write);
}
