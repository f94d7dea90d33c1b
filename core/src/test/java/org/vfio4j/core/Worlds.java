// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import java.time.Duration;
import java.util.function.Consumer;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.vfio.CoreSettings;

/** Starts cores on fixture machines. */
final class Worlds {
    private Worlds() {}

    /** A core with default settings. */
    static CoreWorld start(Consumer<FakeMachine> build) {
        return start(build, VfioOptions.defaults(), CoreSettings.REQUEST_PERIOD);
    }

    /** A core with settings and a period of requests to let go. */
    static CoreWorld start(Consumer<FakeMachine> build, VfioOptions options, Duration requestPeriod) {
        return CoreWorld.start(build, providers -> new CoreVfioFactory(providers, requestPeriod).open(options));
    }
}
