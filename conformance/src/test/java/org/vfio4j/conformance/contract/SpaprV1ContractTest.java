// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.UapiProcess;
import org.vfio4j.testing.ContainerBackendContract;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;

/** SPAPR TCE version 1: one group, charged as a whole when it is enabled. */
class SpaprV1ContractTest extends ContainerBackendContract {
    @Override
    protected String backend() {
        return "spapr";
    }

    @Override
    protected int containerType() {
        return VfioExtension.VFIO_SPAPR_TCE_IOMMU;
    }

    @Override
    protected String device() {
        return "0000:00:07.0";
    }

    @Override
    protected boolean keepsMappings() {
        return false;
    }

    @Override
    protected void mapRaw(UapiProcess process, int container, long vaddr, long size, Runnable call) {
        process.ioctl(container, VfioIoctl.VFIO_IOMMU_ENABLE, 0);
        call.run();
    }
}
