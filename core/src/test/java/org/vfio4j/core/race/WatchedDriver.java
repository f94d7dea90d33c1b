// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FixtureDriver;

/** The driver with {@link WatchedOps}. */
final class WatchedDriver extends FixtureDriver<WatchedOps> {
    private final Books books;

    WatchedDriver(Books books) {
        this.books = books;
    }

    @Override
    protected WatchedOps newOps(FakeDevice device, AtomicInteger insideSet) {
        return new WatchedOps(books, device, insideSet);
    }
}
