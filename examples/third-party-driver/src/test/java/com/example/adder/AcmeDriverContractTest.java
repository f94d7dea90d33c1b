// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.BusDriverContract;
import org.vfio4j.uapi.VfioExtension;

/** What every bus driver must do, shown with an adder. */
class AcmeDriverContractTest extends BusDriverContract {
    @Override
    protected String driver() {
        return "vfio-acme";
    }

    @Override
    protected String device() {
        return "adder0";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.container(VfioExtension.VFIO_TYPE1v2_IOMMU);
    }
}
