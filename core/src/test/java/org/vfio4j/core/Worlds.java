// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import java.time.Duration;
import java.util.function.Consumer;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.vfio.CoreSettings;

/** Starts cores on fixture machines. */
public final class Worlds {
    private Worlds() {}

    /** A core with these providers only. */
    public static Vfio open(Providers providers, VfioOptions options, Duration requestPeriod) {
        return new CoreVfioFactory(providers, requestPeriod).open(options);
    }

    /** A core with default settings. */
    public static CoreWorld start(Consumer<FakeMachine> build) {
        return start(build, VfioOptions.defaults(), CoreSettings.REQUEST_PERIOD);
    }

    /** A core with settings and a period of requests to let go. */
    public static CoreWorld start(Consumer<FakeMachine> build, VfioOptions options, Duration requestPeriod) {
        return CoreWorld.start(build, providers -> open(providers, options, requestPeriod));
    }
}
