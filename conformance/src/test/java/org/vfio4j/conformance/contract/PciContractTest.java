// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.BusDriverContract;
import org.vfio4j.uapi.VfioExtension;

/** vfio-pci with a conventional function on the root bus. */
class PciContractTest extends BusDriverContract {
    @Override
    protected String driver() {
        return "vfio-pci";
    }

    @Override
    protected String device() {
        return "0000:00:05.0";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU);
    }
}
