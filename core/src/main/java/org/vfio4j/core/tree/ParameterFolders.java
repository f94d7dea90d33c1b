// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.stream.Stream;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.module.KernelModule;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** {@code /sys/module}: parameters that can be seen, and changed, while it all runs. Spec: core NA-4, type1 §1. */
@Singleton
final class ParameterFolders {
    private static final String VFIO = "vfio";
    private static final long LARGEST_UINT = 0xffff_ffffL;

    private final CoreSettings coreSettings;
    private final Settings settings;
    private final Backends backends;

    @Inject
    ParameterFolders(CoreSettings coreSettings, Settings settings, Backends backends) {
        this.coreSettings = coreSettings;
        this.settings = settings;
        this.backends = backends;
    }

    private Stream<Backends.Loaded> modules() {
        return backends.loaded().stream()
                .filter(backend -> backend.provider().kernelModule().isPresent());
    }

    private static KernelModule module(Backends.Loaded backend) {
        return backend.provider().kernelModule().orElseThrow();
    }

    /** Modules that are shown. */
    Stream<String> names() {
        return Stream.concat(
                Stream.of(VFIO), modules().map(ParameterFolders::module).map(KernelModule::name));
    }

    /** {@code /sys/module}. */
    Folder folder() {
        var unsafe = TextAttribute.variable(
                () -> coreSettings.unsafeNoIommuMode() ? "Y\n" : "N\n",
                text -> coreSettings.unsafeNoIommuMode(TextAttribute.truth(text)));
        var all = new Entries().add(VFIO, parameters(new Entries().add("enable_unsafe_noiommu_mode", unsafe)));
        modules().forEach(backend -> {
            var parameters = new Entries();
            for (var parameter : module(backend).parameters()) {
                parameters.add(parameter.name(), attribute(backend.name(), parameter));
            }
            all.add(module(backend).name(), parameters(parameters));
        });
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
