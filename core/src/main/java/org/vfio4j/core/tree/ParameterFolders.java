// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.registry.Providers;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.module.KernelModule;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** {@code /sys/module}: which modules there are, which programs look for, and parameters that can be seen, and changed, while it all runs. Spec: core NA-4, type1 §1. */
@Singleton
final class ParameterFolders {
    private static final String VFIO = "vfio";
    private static final long LARGEST_UINT = 0xffff_ffffL;

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
        var unsafe = TextAttribute.variable(
                () -> coreSettings.unsafeNoIommuMode() ? "Y\n" : "N\n",
                text -> coreSettings.unsafeNoIommuMode(TextAttribute.truth(text)));
        var all = new Entries().add(VFIO, parameters(new Entries().add("enable_unsafe_noiommu_mode", unsafe)));
        for (var found : modules) {
            var parameters = new Entries();
            for (var parameter : found.module().parameters()) {
                parameters.add(parameter.name(), attribute(found.service(), parameter));
            }
            boolean none = found.module().parameters().isEmpty();
            all.add(found.module().name(), none ? new Entries() : parameters(parameters));
        }
        return all;
    }

    private static Folder parameters(Entries parameters) {
        return new Entries().add("parameters", parameters);
    }

    private TextAttribute attribute(String service, KernelModule.Parameter parameter) {
        return TextAttribute.variable(
                () -> shown(
                                parameter,
                                settings.option(service, parameter.name()).orElse(parameter.initial()))
                        + "\n",
                text -> settings.change(service, parameter.name(), value(parameter, text)));
    }

    private static String shown(KernelModule.Parameter parameter, String value) {
        return parameter.kind() == KernelModule.Kind.BOOL
                ? TextAttribute.truth(value) ? "Y" : "N"
                : Long.toString(Long.decode(value.strip()));
    }

    /** A value as the file shows it. */
    private static String value(KernelModule.Parameter parameter, String text) {
        if (parameter.kind() == KernelModule.Kind.BOOL) {
            return TextAttribute.truth(text) ? "Y" : "N";
        }
        long number;
        try {
            number = Long.decode(TextAttribute.line(text));
        } catch (NumberFormatException e) {
            throw new VfioException(
                    Errno.EINVAL, parameter.name() + ": \"" + TextAttribute.line(text) + "\" is no number", e);
        }
        if (number < 0) {
            throw new VfioException(Errno.EINVAL, parameter.name() + ": " + number + " is negative");
        }
        if (number > LARGEST_UINT) {
            throw new VfioException(Errno.ERANGE, parameter.name() + ": " + number + " is above " + LARGEST_UINT);
        }
        return Long.toString(number);
    }
}
