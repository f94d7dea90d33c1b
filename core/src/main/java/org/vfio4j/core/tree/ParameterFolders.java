// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.module.KernelModule;

/** {@code /sys/module}: which modules there are, which programs look for, and parameters that can be seen, and changed, while it all runs. Spec: core NA-4, type1 §1. */
@Singleton
final class ParameterFolders {
    private static final String VFIO = "vfio";
    private static final int ANY_WRITE = 0222;

    private final CoreSettings coreSettings;
    private final Settings settings;
    private final List<Module> modules;

    /** A module with the name of the service that plays its part. */
    private record Module(String service, KernelModule module) {}

    @Inject
    ParameterFolders(CoreSettings coreSettings, Settings settings, Providers providers) {
        this.coreSettings = coreSettings;
        this.settings = settings;
        this.modules = Stream.concat(
                        providers.backends().stream()
                                .flatMap(backend -> module(backend.name(), backend.kernelModule())),
                        providers.drivers().stream().flatMap(driver -> module(driver.name(), driver.kernelModule())))
                .toList();
    }

    private static Stream<Module> module(String service, Optional<KernelModule> module) {
        return module.stream().map(found -> new Module(service, found));
    }

    /** Modules that are shown. */
    Stream<String> names() {
        return Stream.concat(
                Stream.of(VFIO), modules.stream().map(found -> found.module().name()));
    }

    /** {@code /sys/module}. */
    Folder folder() {
        var noIommu = CoreSettings.UNSAFE_NOIOMMU_MODE;
        var unsafe = TextAttribute.variable(
                () -> coreSettings.unsafeNoIommuMode() ? "Y\n" : "N\n",
                text -> coreSettings.unsafeNoIommuMode(noIommu.canonical(text).equals("Y")));
        var all = new Entries().add(VFIO, parameters(new Entries().add(noIommu.name(), unsafe)));
        for (var found : modules) {
            var shown = found.module().parameters().stream()
                    .filter(parameter -> parameter.mode() != 0)
                    .toList();
            var parameters = new Entries();
            for (var parameter : shown) {
                parameters.add(parameter.name(), attribute(found.service(), parameter));
            }
            all.add(found.module().name(), shown.isEmpty() ? new Entries() : parameters(parameters));
        }
        return all;
    }

    private static Folder parameters(Entries parameters) {
        return new Entries().add("parameters", parameters);
    }

    private TextAttribute attribute(String service, KernelModule.Parameter parameter) {
        Supplier<String> shown =
                () -> settings.option(service, parameter.name()).orElse(parameter.initial()) + "\n";
        return (parameter.mode() & ANY_WRITE) == 0
                ? TextAttribute.readable(shown)
                : TextAttribute.variable(
                        shown, text -> settings.change(service, parameter.name(), parameter.canonical(text)));
    }
}
