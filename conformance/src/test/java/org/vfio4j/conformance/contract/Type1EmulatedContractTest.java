// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import java.util.Optional;
import org.vfio4j.testing.ContainerBackendContract;
import org.vfio4j.uapi.VfioExtension;

/** type1 v2 behind a mediated device, which reaches memory only through pins and copies. */
class Type1EmulatedContractTest extends ContainerBackendContract {
    @Override
    protected String backend() {
        return "type1";
    }

    @Override
    protected int containerType() {
        return VfioExtension.VFIO_TYPE1v2_IOMMU;
    }

    @Override
    protected String device() {
        return "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";
    }

    @Override
    protected Optional<String> secondDevice() {
        return Optional.of("0000:00:05.0");
    }
}
