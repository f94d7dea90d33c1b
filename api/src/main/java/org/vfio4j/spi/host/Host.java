// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.util.List;

/** A running host: one machine with its buses. Thread-safe. */
public interface Host extends AutoCloseable {
    /** Name of the machine for people. */
    String name();

    /** All buses, in a fixed order. */
    List<Bus> buses();

    /** Every isolation group that exists now, by ascending number. */
    List<IommuGroup> groups();

    /**
     * Makes an isolation group without IOMMU hardware for one device (kernel: {@code iommu_group_alloc} for emulated and
     * no-IOMMU devices). It reports no devices' DMA and refuses domains with EINVAL.
     *
     * @param name its name attribute, {@code vfio-noiommu}
     * @param device its only member
     */
    IommuGroup createPrivateGroup(String name, BusDevice device);

    /** Gives a private group's number back. */
    void destroyPrivateGroup(IommuGroup group);

    /** DMA accesses that were refused since the host started, oldest first; only the latest are kept. */
    List<DmaFault> faults();

    /** Powers the machine off: stops device activity, then frees everything. Idempotent. */
    @Override
    void close();
}
