// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import org.vfio4j.spi.call.Caller;

/** Calls only SPAPR containers have, typed. Spec: spapr §4, §5, §7, §8. */
public interface TceOperations {
    /** Whether the instance is version 2 (dynamic windows, registered memory). */
    boolean version2();

    /** IOMMU_ENABLE; version 1 only. */
    void enable(Caller caller);

    /** IOMMU_DISABLE; version 1 only. */
    void disable(Caller caller);

    /** SPAPR_REGISTER_MEMORY; version 2 only. */
    void registerMemory(Caller caller, long vaddr, long size);

    /** SPAPR_UNREGISTER_MEMORY; version 2 only. */
    void unregisterMemory(Caller caller, long vaddr, long size);

    /**
     * SPAPR_TCE_CREATE; version 2 only.
     *
     * @return first bus address of the new window
     */
    long createWindow(Caller caller, int pageShift, long windowSize, int levels);

    /** SPAPR_TCE_REMOVE; version 2 only. */
    void removeWindow(Caller caller, long startAddress);

    /** SPAPR_TCE_GET_INFO. */
    TceInfo info(Caller caller);

    /**
     * Answer of GET_INFO.
     *
     * @param dma32Start start of the default window
     * @param dma32Size size of the default window in bytes
     * @param pageSizes page sizes for dynamic windows, 0 without them
     * @param maxWindows how many dynamic windows, 0 without them
     * @param maxLevels most table levels, 0 without them
     */
    record TceInfo(long dma32Start, long dma32Size, long pageSizes, int maxWindows, int maxLevels) {}
}
