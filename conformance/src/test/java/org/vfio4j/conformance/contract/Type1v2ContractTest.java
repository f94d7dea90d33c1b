// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import java.util.Optional;
import org.vfio4j.testing.ContainerBackendContract;
import org.vfio4j.uapi.VfioExtension;

/** type1 v2 behind a function with DMA of its own. */
class Type1v2ContractTest extends ContainerBackendContract {
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
        return "0000:00:05.0";
    }

    @Override
    protected Optional<String> secondDevice() {
        return Optional.of("0000:03:00.0");
    }
}
