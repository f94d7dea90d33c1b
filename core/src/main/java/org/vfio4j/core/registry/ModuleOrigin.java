// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;

/**
 * Where a provider came from.
 *
 * @param module name of its module; for one on the class path the name of its package
 * @param location file or folder it was loaded from, or a word when there is none
 */
public record ModuleOrigin(String module, String location) {
    /** Origin of a provider. */
    public static ModuleOrigin of(Object provider) {
        Class<?> type = provider.getClass();
        var module = type.getModule();
        String name = module.isNamed() ? module.getName() : type.getPackageName();
        return new ModuleOrigin(
                name, moduleLocation(module).or(() -> codeLocation(type)).orElse("unknown"));
    }

    private static Optional<String> moduleLocation(Module module) {
        if (!module.isNamed() || module.getLayer() == null) {
            return Optional.empty();
        }
        return module.getLayer()
                .configuration()
                .findModule(module.getName())
                .map(ResolvedModule::reference)
                .flatMap(ModuleReference::location)
                .map(ModuleOrigin::readable);
    }

    private static Optional<String> codeLocation(Class<?> type) {
        return Optional.ofNullable(type.getProtectionDomain().getCodeSource())
                .map(CodeSource::getLocation)
                .map(URL::toString)
                .map(URI::create)
                .map(ModuleOrigin::readable);
    }

    private static String readable(URI location) {
        return "file".equals(location.getScheme()) ? Path.of(location).toString() : location.toString();
    }
}
