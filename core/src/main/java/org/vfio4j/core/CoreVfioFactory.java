// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import com.google.inject.Guice;
import com.google.inject.ProvisionException;
import com.google.inject.Stage;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.vfio4j.Vfio;
import org.vfio4j.VfioFactory;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.driver.BusControl;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.HugePages;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.core.registry.ChosenSettings;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.user.CoreVfio;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.uapi.VfioException;

/** Starts a host, joins the core to it, and loads every backend and bus driver there is. */
public final class CoreVfioFactory implements VfioFactory {
    private final Optional<Providers> chosen;
    private final Duration requestPeriod;

    /** Works with what is on the module path. */
    public CoreVfioFactory() {
        chosen = Optional.empty();
        requestPeriod = CoreSettings.REQUEST_PERIOD;
    }

    /** Works with these providers only, and asks users of devices to let go in this period. */
    CoreVfioFactory(Providers providers, Duration requestPeriod) {
        chosen = Optional.of(providers);
        this.requestPeriod = requestPeriod;
    }

    @Override
    public Vfio open(VfioOptions options) {
        var all = chosen.orElseGet(Providers::discovered);
        var settings = ChosenSettings.of(options.settings(), all);
        var providers = all.withBackends(options.backends());
        boolean unsafe = settings.option(ChosenSettings.CORE, CoreSettings.UNSAFE_NOIOMMU_MODE.name())
                .filter("Y"::equals)
                .isPresent();
        var coreSettings = new CoreSettings(unsafe, requestPeriod);
        var memory = new FrameTable();
        var host = providers
                .host(options.host())
                .start(new Environment(memory, options.machine(), Membarrier.ofProcess()));
        return join(host, memory, providers, settings, coreSettings);
    }

    private static Vfio join(
            Host host, PhysicalMemory memory, Providers providers, Settings settings, CoreSettings coreSettings) {
        CoreVfio vfio;
        BusControl drivers;
        try {
            var injector = Guice.createInjector(
                    Stage.PRODUCTION, new CoreModule(host, memory, providers, settings, coreSettings));
            drivers = injector.getInstance(BusControl.class);
            vfio = injector.getInstance(CoreVfio.class);
        } catch (ProvisionException e) {
            host.close();
            // A backend or a setting was refused while the parts were made: that refusal is what the user has to read.
            throw e.getCause() instanceof VfioException refusal ? refusal : e;
        } catch (RuntimeException e) {
            host.close();
            throw e;
        }
        try {
            drivers.start();
        } catch (RuntimeException e) {
            vfio.close();
            throw e;
        }
        return vfio;
    }

    private record Environment(PhysicalMemory memory, Optional<Path> machine, ProcessBarrier processBarrier)
            implements HostEnvironment {
        @Override
        public void preferHugePages(MemorySegment segment) {
            HugePages.prefer(segment);
        }
    }
}
