// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How to start.
 *
 * @param host name of the host to use; empty for the preferred one
 * @param machine machine description file or captured-machine folder; empty for the host's default machine
 * @param settings tunables as {@code module.name} to value, for example {@code type1.allow_unsafe_interrupts} to
 *     {@code true}; a module is a backend's or driver's name
 */
public record VfioOptions(Optional<String> host, Optional<Path> machine, Map<String, String> settings) {
    /** Copies the map. */
    public VfioOptions {
        settings = Map.copyOf(settings);
    }

    /** The defaults: preferred host, its default machine, no tunables. */
    public static VfioOptions defaults() {
        return new VfioOptions(Optional.empty(), Optional.empty(), Map.of());
    }

    /** These options with another machine. */
    public VfioOptions withMachine(Path path) {
        return new VfioOptions(host, Optional.of(path), settings);
    }

    /** These options with a host chosen by name. */
    public VfioOptions withHost(String name) {
        return new VfioOptions(Optional.of(name), machine, settings);
    }

    /** These options with one more tunable. */
    public VfioOptions with(String name, String value) {
        var more = new HashMap<>(settings);
        more.put(name, value);
        return new VfioOptions(host, machine, more);
    }
}
