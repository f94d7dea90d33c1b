// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.vfio.CoreSettings;
import org.vfio4j.spi.module.KernelModule;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Checks what the user has set before anything starts: a tunable that nobody has is a typing error, which must not pass in silence. */
public final class ChosenSettings {
    /** The core's own name. */
    public static final String CORE = "core";

    /** User that the program using the library is. */
    public static final KernelModule.Parameter UID = parameter("uid", KernelModule.Kind.UINT, "0");

    /** Bytes that a user other than 0 may pin. */
    public static final KernelModule.Parameter MEMLOCK_LIMIT =
            parameter("memlock_limit", KernelModule.Kind.LONG, Long.toString(Long.MAX_VALUE));

    private static final KernelModule CORE_MODULE =
            new KernelModule("vfio", List.of(CoreSettings.UNSAFE_NOIOMMU_MODE, UID, MEMLOCK_LIMIT));

    private final List<Service> services;

    /** What has options; without a module it does not say which. */
    private record Service(String name, Optional<KernelModule> module) {
        boolean isNamed(String wanted) {
            return name.equals(wanted)
                    || module.filter(found -> found.name().equals(wanted)).isPresent();
        }
    }

    private ChosenSettings(Providers providers) {
        services = Stream.of(
                        Stream.of(new Service(CORE, Optional.of(CORE_MODULE))),
                        providers.backends().stream()
                                .map(backend -> new Service(backend.name(), backend.kernelModule())),
                        providers.drivers().stream().map(driver -> new Service(driver.name(), driver.kernelModule())))
                .flatMap(found -> found)
                .toList();
    }

    private static KernelModule.Parameter parameter(String name, KernelModule.Kind kind, String initial) {
        return new KernelModule.Parameter(name, kind, initial, 0);
    }

    /**
     * The settings by services' names, with their values as they are shown. A module can be named as the service or as the kernel does.
     *
     * @throws VfioException ENOENT for a module or tunable that is not there, EINVAL or ERANGE for a value that it cannot have
     */
    public static Settings of(Map<String, String> chosen, Providers providers) {
        var known = new ChosenSettings(providers);
        var checked = new HashMap<String, String>();
        chosen.forEach((name, value) -> known.check(name, value, checked));
        return new Settings(checked);
    }

    private void check(String name, String value, Map<String, String> checked) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            throw new VfioException(Errno.EINVAL, "setting \"" + name + "\" is no MODULE.NAME");
        }
        String module = name.substring(0, dot);
        var service = services.stream()
                .filter(found -> found.isNamed(module))
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "setting " + name + ": there is no module \"" + module + "\"; known: "
                                + Providers.names(
                                        services.stream().map(Service::name).toList())));
        String option = name.substring(dot + 1);
        String canonical = service.module()
                .map(found -> canonical(service.name(), found, option, value))
                .orElse(value);
        checked.put(service.name() + "." + option, canonical);
    }

    private static String canonical(String service, KernelModule module, String option, String value) {
        var parameter = module.parameter(option)
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT,
                        "setting " + service + "." + option + ": " + service + " has no such option; known: "
                                + Providers.names(module.parameters().stream()
                                        .map(KernelModule.Parameter::name)
                                        .toList())));
        try {
            return parameter.canonical(value);
        } catch (VfioException e) {
            throw new VfioException(e.errno(), "setting " + service + "." + e.getMessage(), e);
        }
    }
}
