// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.IommufdBackendContract;

/** iommufd in the container's role, through a group. */
class IommufdGroupContractTest extends IommufdBackendContract {
    @Override
    protected String backend() {
        return "iommufd";
    }

    @Override
    protected String device() {
        return "0000:03:00.0";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.groupIommufd();
    }
}
