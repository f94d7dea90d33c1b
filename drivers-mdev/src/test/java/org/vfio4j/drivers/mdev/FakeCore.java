// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.vfio.MigrationStates;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.testing.fixture.SimulatedCore;

/** A core with the mdev driver, that lets a test look into a bind, and with the real table of migration states. */
final class FakeCore extends SimulatedCore {
    final VfioMdevDriver driver = new VfioMdevDriver(this);

    /** Runs inside every bind. */
    volatile Runnable whileBinding = () -> {};

    FakeCore() {
        super(new FrameTable());
    }

    @Override
    protected VfioMdevDriver driver() {
        return driver;
    }

    @Override
    public void bind(BusDevice device) {
        whileBinding.run();
        super.bind(device);
    }

    @Override
    protected MigrationControl migrationControl() {
        return new MigrationControl() {
            @Override
            public int nextState(int flags, int current, int requested) {
                return MigrationStates.nextState(flags, current, requested);
            }

            @Override
            public boolean precopyInfoV2() {
                return false;
            }
        };
    }
}
