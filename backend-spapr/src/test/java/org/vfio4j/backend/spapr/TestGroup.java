// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.ForwardingGroup;
import org.vfio4j.testing.fixture.SimulatedDevice;

/** A group of the software IOMMU with one device, whose TCE side is {@link TestTables}. */
final class TestGroup extends ForwardingGroup {
    /** The TCE side; null when a test wants a group without. */
    final @Nullable TestTables tables;

    /** The device's way to memory. */
    final DmaPort port;

    TestGroup(EmbeddedGroup real, boolean withTables) {
        super(real);
        this.tables = withTables ? new TestTables(real.tceTableGroup().orElseThrow()) : null;
        var device = new SimulatedDevice("device" + real.id(), this, Set.of(), List.of());
        real.join(device);
        this.port = real.port(device, () -> true);
        real.claimDmaOwner(this, false);
    }

    TestTables tables() {
        if (tables == null) {
            throw new AssertionError("group " + id() + " has no TCE side");
        }
        return tables;
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.ofNullable(tables);
    }
}
