// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.BusDriverContract;
import org.vfio4j.uapi.VfioExtension;

/** vfio-fsl-mc with an I/O object. */
class FslMcContractTest extends BusDriverContract {
    @Override
    protected String driver() {
        return "vfio-fsl-mc";
    }

    @Override
    protected String device() {
        return "dpio.1";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU);
    }
}
