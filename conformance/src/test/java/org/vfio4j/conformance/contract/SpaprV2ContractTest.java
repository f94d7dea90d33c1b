// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import java.util.Optional;
import org.vfio4j.UapiProcess;
import org.vfio4j.testing.ContainerBackendContract;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory;

/** SPAPR TCE version 2: memory is registered, and charged, before it is mapped. */
class SpaprV2ContractTest extends ContainerBackendContract {
    @Override
    protected String backend() {
        return "spapr";
    }

    @Override
    protected int containerType() {
        return VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU;
    }

    @Override
    protected String device() {
        return "0000:00:07.0";
    }

    @Override
    protected Optional<String> secondDevice() {
        return Optional.of("dpio.3");
    }

    @Override
    protected boolean keepsMappings() {
        return false;
    }

    @Override
    protected void mapRaw(UapiProcess process, int container, long vaddr, long size, Runnable call) {
        var register = process.allocate(VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.argsz(register, VfioIommuSpaprRegisterMemory.SIZEOF);
        VfioIommuSpaprRegisterMemory.vaddr(register, vaddr);
        VfioIommuSpaprRegisterMemory.size(register, size);
        process.ioctl(container, VfioIoctl.VFIO_IOMMU_SPAPR_REGISTER_MEMORY, register.address());
        call.run();
    }
}
