// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

/**
 * A backend instance that tells devices when memory they may have pinned is unmapped (kernel: {@code register_device} and
 * {@code unregister_device} of {@code vfio_iommu_driver_ops}). A backend has both calls or neither; with only one of them it
 * is none. Thread-safe. Spec: core CT-8, PN-3.
 */
public interface UnmapNotifier {
    /** A device that wants {@link DmaUnmapListener#dmaUnmap} calls was opened. */
    void registerDevice(DmaUnmapListener device);

    /** It was closed; returns when no callback of it is running. */
    void unregisterDevice(DmaUnmapListener device);
}
