// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.List;

/**
 * Reset of a device together with everything on its bus or in its slot, all of which the program has to own. Thread-safe.
 * Spec: pci §14.
 */
public interface HotReset {
    /**
     * What a reset affects, in bus order (GET_PCI_HOT_RESET_INFO).
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when nothing can reset the device's bus or slot as a whole, EPERM when an
     *     affected device has no group
     */
    List<Affected> affected();

    /**
     * Resets (PCI_HOT_RESET). Registers lose their state; configuration and interrupts stay as they are set up, mapped regions
     * are to be asked for their memory again.
     *
     * @param groups for a device opened through its group: the other groups that affected devices are in, none of them twice;
     *     none for a device opened through its own file, where its iommufd has to own them all
     * @throws org.vfio4j.uapi.VfioException ENODEV as above; EINVAL when an affected device is not the program's or groups are
     *     given that do not belong there; EBUSY when an affected device's registers are being accessed; EAGAIN when somebody
     *     else resets one of them
     */
    void perform(Group... groups);

    /**
     * A device that would be reset.
     *
     * @param device name on its bus
     * @param id for a device opened through its group: number of the affected one's group. Otherwise its id in the iommufd, 0 when
     *     it has none but the iommufd owns its group, -1 when the program does not own it
     */
    record Affected(String device, int id) {}
}
