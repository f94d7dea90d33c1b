// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;
import org.vfio4j.spi.host.BusDevice;

/**
 * Reset of an open device together with everything it cannot be reset without (kernel: the PCI hot reset). The user has to
 * own all of it: by group when the device is open through its group, by iommufd when it is open through its own file.
 * Called with no core lock held. Spec: pci §14.
 */
public interface HotResetOps {
    /**
     * What a reset affects, in bus order.
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when there is no such reset, EPERM when one of them has no group to own it
     *     by, EAGAIN when devices appear meanwhile
     */
    List<Affected> affected();

    /**
     * Resets. Registers lose their state; configuration and interrupts stay as they are set up, mappings of registers are
     * taken away and come back when touched.
     *
     * @param groups proofs of owning the groups of all affected devices when the device is open through its group; empty when
     *     it is open through its own file
     * @throws org.vfio4j.uapi.VfioException EINVAL for a wrong number of groups, or when some affected device has no VFIO driver
     *     or another owner; ENODEV when there is no such reset; EBUSY when an affected device's memory is in use; EAGAIN or
     *     the host's errno when the reset fails
     */
    void reset(List<? extends VfioGroupFile> groups);

    /**
     * A device that would be reset.
     *
     * @param device any bus device, whoever drives it
     * @param id number of its IOMMU group when the reset device is open through its group; otherwise what
     *     {@link VfioDevice#deviceIdIn} says for its iommufd: greater than 0 the object, 0 owned without an object, -1 not owned
     */
    record Affected(BusDevice device, int id) {}
}
