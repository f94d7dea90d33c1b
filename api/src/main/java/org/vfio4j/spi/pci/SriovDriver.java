// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import org.vfio4j.spi.device.BusDriver;

/** A driver that lets administrators choose how many virtual functions a function of it has (kernel: {@code sriov_configure}). */
public interface SriovDriver extends BusDriver {
    /**
     * Makes virtual functions, or takes all of them away. The core holds the physical function's device lock and asks only for
     * a change: from none to some, or to none. Spec: pci §18.1.
     *
     * @param physical a function this driver has, with {@link PciFunction#sriov()}
     * @param count 0, or a number up to {@link SriovControl#totalVfs()}
     * @throws org.vfio4j.uapi.VfioException ENOENT when the driver is told to make none, or what enabling them answers
     */
    void configureVirtualFunctions(PciFunction physical, int count);
}
