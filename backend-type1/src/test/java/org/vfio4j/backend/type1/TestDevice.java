// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.List;
import java.util.Set;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.testing.fixture.SimulatedDevice;

/** A member of a group of the software IOMMU, with a window for interrupt messages. */
final class TestDevice extends SimulatedDevice {
    TestDevice(String name, IommuGroup group) {
        super(name, group, Set.of(IommuCapability.values()), List.of(FakeGroup.MSI));
    }
}
