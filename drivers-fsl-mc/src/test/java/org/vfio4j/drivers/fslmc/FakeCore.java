// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.testing.fixture.SimulatedCore;

/** A core with the fsl-mc driver and a clock that waiting moves. */
final class FakeCore extends SimulatedCore {
    final FakeClock clock = new FakeClock();
    final VfioFslMcDriver driver = new VfioFslMcDriver(this, clock);

    FakeCore() {
        super(new FrameTable());
    }

    @Override
    protected VfioFslMcDriver driver() {
        return driver;
    }
}
