// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import jakarta.inject.Singleton;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.vfio.ContainerBackends;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.memory.PhysicalMemory;

/** How the core's parts are joined: what is made outside is bound here, everything else by its constructor. */
final class CoreModule extends AbstractModule {
    private final Host host;
    private final PhysicalMemory memory;
    private final Providers providers;
    private final Settings settings;
    private final CoreSettings coreSettings;

    CoreModule(Host host, PhysicalMemory memory, Providers providers, Settings settings, CoreSettings coreSettings) {
        this.host = host;
        this.memory = memory;
        this.providers = providers;
        this.settings = settings;
        this.coreSettings = coreSettings;
    }

    @Override
    protected void configure() {
        binder().requireAtInjectOnConstructors();
        binder().disableCircularProxies();
        bind(Host.class).toInstance(host);
        bind(PhysicalMemory.class).toInstance(memory);
        bind(Providers.class).toInstance(providers);
        bind(Settings.class).toInstance(settings);
        bind(CoreSettings.class).toInstance(coreSettings);
    }

    /** The backends of the module path, and last the core's own for groups without IOMMU. */
    @Provides
    @Singleton
    ContainerBackends containerBackends(Backends backends) {
        var registered = new ContainerBackends();
        for (var backend : backends.loaded()) {
            backend.container()
                    .ifPresent(
                            driver -> registered.register(new ContainerBackends.Entry(backend.name(), driver, false)));
        }
        registered.registerNoIommu(coreSettings);
        return registered;
    }
}
