// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import java.util.Optional;
import org.vfio4j.testing.IommufdBackendContract;

/** iommufd through a device's own file. */
class IommufdContractTest extends IommufdBackendContract {
    @Override
    protected String backend() {
        return "iommufd";
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
