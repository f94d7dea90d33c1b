// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.host.HostProvider;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The providers a core works with.
 *
 * @param hosts hosts, preferred first
 * @param backends IOMMU backends, in the order in which containers ask
 * @param drivers bus drivers, by name
 * @param chosen names of the backends to use, in their order; empty for all by priority
 */
public record Providers(
        List<HostProvider> hosts,
        List<IommuBackendProvider> backends,
        List<BusDriverProvider> drivers,
        List<String> chosen) {
    /**
     * Orders them; equal priorities are ordered by name, so that the order never depends on the module path's.
     *
     * @throws VfioException ENOENT for a chosen backend that is not there
     */
    public Providers {
        chosen = List.copyOf(chosen);
        hosts = hosts.stream()
                .sorted(Comparator.comparingInt(HostProvider::priority)
                        .reversed()
                        .thenComparing(HostProvider::name))
                .toList();
        backends = backends.stream()
                .sorted(Comparator.comparingInt(IommuBackendProvider::priority)
                        .reversed()
                        .thenComparing(IommuBackendProvider::name))
                .toList();
        if (!chosen.isEmpty()) {
            var all = backends;
            backends = chosen.stream().distinct().map(name -> named(all, name)).toList();
        }
        drivers = drivers.stream()
                .sorted(Comparator.comparing(BusDriverProvider::name))
                .toList();
    }

    /** All backends, by priority. */
    public Providers(List<HostProvider> hosts, List<IommuBackendProvider> backends, List<BusDriverProvider> drivers) {
        this(hosts, backends, drivers, List.of());
    }

    /**
     * The same with these backends only, the first asked first; all if there are no names.
     *
     * @throws VfioException ENOENT, naming those there are
     */
    public Providers withBackends(List<String> names) {
        return new Providers(hosts, backends, drivers, names);
    }

    private static IommuBackendProvider named(List<IommuBackendProvider> backends, String name) {
        return backends.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "there is no backend \"" + name + "\" on the module path; known: "
                                + names(backends.stream()
                                        .map(IommuBackendProvider::name)
                                        .toList())));
    }

    /**
     * Everything on the module path.
     *
     * @throws VfioException EINVAL when a provider is declared but cannot be loaded
     */
    public static Providers discovered() {
        try {
            return new Providers(
                    ServiceLoader.load(HostProvider.class).stream()
                            .map(ServiceLoader.Provider::get)
                            .toList(),
                    ServiceLoader.load(IommuBackendProvider.class).stream()
                            .map(ServiceLoader.Provider::get)
                            .toList(),
                    ServiceLoader.load(BusDriverProvider.class).stream()
                            .map(ServiceLoader.Provider::get)
                            .toList());
        } catch (ServiceConfigurationError e) {
            throw new VfioException(Errno.EINVAL, "a module on the module path is broken: " + e.getMessage(), e);
        }
    }

    /**
     * The host of a name, or the preferred one.
     *
     * @throws VfioException ENOENT, naming those there are
     */
    public HostProvider host(Optional<String> name) {
        if (name.isEmpty()) {
            return hosts.stream()
                    .findFirst()
                    .orElseThrow(() -> new VfioException(
                            Errno.ENOENT, "no host on the module path: add org.vfio4j.host.embedded"));
        }
        return hosts.stream()
                .filter(host -> host.name().equals(name.get()))
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "there is no host \"" + name.get() + "\" on the module path; known: "
                                + names(hosts.stream().map(HostProvider::name).toList())));
    }

    /** Names for a sentence. */
    public static String names(List<String> names) {
        return names.isEmpty() ? "none" : names.stream().collect(Collectors.joining(", "));
    }
}
