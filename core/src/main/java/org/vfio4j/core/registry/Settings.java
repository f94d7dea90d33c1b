// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.registry;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Tunables, {@code module.name} to value: what the user gave, and what was changed since. Thread-safe. */
public final class Settings {
    /** The core's own module name. */
    private static final String CORE = "core";

    private final Map<String, String> values;

    /**
     * Tunables at start.
     *
     * @param values all the user gave
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

    /**
     * A switch of the core.
     *
     * @throws VfioException EINVAL when the value is neither true nor false
     */
    public boolean coreSwitch(String name) {
        return option(CORE, name)
                .map(value -> switch (value) {
                    case "true", "1", "Y", "y" -> true;
                    case "false", "0", "N", "n" -> false;
                    default -> throw bad(name, value, "true or false");
                })
                .orElse(false);
    }

    /**
     * A number of the core.
     *
     * @throws VfioException EINVAL when the value is no number that is not negative
     */
    public Optional<Long> coreNumber(String name) {
        return option(CORE, name).map(value -> {
            try {
                long number = Long.parseLong(value);
                if (number >= 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw bad(name, value, "a number");
            }
            throw bad(name, value, "a number that is not negative");
        });
    }

    private static VfioException bad(String name, String value, String wanted) {
        return new VfioException(
                Errno.EINVAL, "setting " + CORE + "." + name + " is \"" + value + "\", it has to be " + wanted);
    }
}
