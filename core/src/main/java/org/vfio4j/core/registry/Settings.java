// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tunables, {@code module.name} to value: what the user gave, and what was changed since. Values of known parameters are as {@link
 * org.vfio4j.spi.module.KernelModule.Parameter#canonical} writes them. Thread-safe.
 */
public final class Settings {
    private final Map<String, String> values;

    /**
     * Tunables at start.
     *
     * @param values all the user gave, as {@link ChosenSettings} checked them
     */
    public Settings(Map<String, String> values) {
        this.values = new ConcurrentHashMap<>(values);
    }

    /** Changes a tunable of a module; whoever asks next gets the new value. */
    public void change(String module, String name, String value) {
        values.put(module + "." + name, value);
    }

    /** A tunable of a module. */
    public Optional<String> option(String module, String name) {
        return Optional.ofNullable(values.get(module + "." + name));
    }
}
