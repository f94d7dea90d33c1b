// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.BusDriverContract;
import org.vfio4j.uapi.VfioExtension;

/** vfio-mdev with a serial device that has a DMA engine. */
class MdevContractTest extends BusDriverContract {
    @Override
    protected String driver() {
        return "vfio-mdev";
    }

    @Override
    protected String device() {
        return "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU);
    }

    @Override
    protected boolean rebinds() {
        return false;
    }
}
