// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.BackendView;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.iommu.IommufdDriver;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The IOMMU backends of the module path, loaded, in the order in which containers ask. */
@Singleton
public final class Backends {
    private final Settings settings;
    private final PhysicalMemory memory;
    private final Map<Integer, LockedMemory> lockedByUser = new ConcurrentHashMap<>();
    private final List<Loaded> loaded;

    /**
     * A loaded backend.
     *
     * @param provider its entry
     * @param container its container side
     * @param iommufd its iommufd side
     */
    public record Loaded(
            IommuBackendProvider provider, Optional<ContainerDriver> container, Optional<IommufdDriver> iommufd) {
        /** The backend's name. */
        public String name() {
            return provider.name();
        }
    }

    /** An iommufd side with its backend's name. */
    public record NamedIommufd(String name, IommufdDriver driver) {}

    @Inject
    Backends(Providers providers, Settings settings, PhysicalMemory memory) {
        this.settings = settings;
        this.memory = memory;
        this.loaded = providers.backends().stream().map(this::load).toList();
    }

    private Loaded load(IommuBackendProvider provider) {
        var environment = new Environment(provider.name());
        return new Loaded(provider, provider.containerDriver(environment), provider.iommufdDriver(environment));
    }

    /** All of them. */
    public List<Loaded> loaded() {
        return loaded;
    }

    /** The iommufd side that {@code /dev/iommu} opens: the first backend's that has one. */
    public Optional<NamedIommufd> iommufd() {
        return loaded.stream()
                .flatMap(backend -> backend.iommufd().stream().map(driver -> new NamedIommufd(backend.name(), driver)))
                .findFirst();
    }

    /** What they are, for people. */
    public List<BackendView> views() {
        return loaded.stream().map(Backends::view).toList();
    }

    private static BackendView view(Loaded backend) {
        var provider = backend.provider();
        var origin = ModuleOrigin.of(provider);
        return new BackendView(
                provider.name(),
                provider.description(),
                provider.priority(),
                backend.container().map(ContainerDriver::types).orElse(List.of()),
                backend.iommufd().isPresent(),
                origin.module(),
                origin.location());
    }

    /** What one backend may use: its options are those under its name. */
    private final class Environment implements BackendEnvironment {
        private final String backend;

        private Environment(String backend) {
            this.backend = backend;
        }

        @Override
        public PhysicalMemory memory() {
            return memory;
        }

        @Override
        public LockedMemory userLockedMemory(int uid) {
            return lockedByUser.computeIfAbsent(uid, user -> new PageCounter());
        }

        @Override
        public Optional<String> option(String name) {
            return settings.option(backend, name);
        }
    }
}
