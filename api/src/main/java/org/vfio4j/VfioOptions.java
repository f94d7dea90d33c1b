// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How to start.
 *
 * @param host name of the host to use; empty for the preferred one
 * @param machine machine description file or captured-machine folder; empty for the host's default machine
 * @param settings tunables as {@code module.name} to value, for example {@code type1.allow_unsafe_interrupts} to
 *     {@code true}; a module is a backend's or driver's name, or that of its kernel module; {@code core} has {@code
 *     enable_unsafe_noiommu_mode}, {@code uid} and {@code memlock_limit}. Unknown ones are refused with ENOENT, unfit values with EINVAL or ERANGE
 * @param backends names of the IOMMU backends to use, the first asked first; empty for all, in the order of their priorities
 */
public record VfioOptions(
        Optional<String> host, Optional<Path> machine, Map<String, String> settings, List<String> backends) {
    /** Copies the map and the list. */
    public VfioOptions {
        settings = Map.copyOf(settings);
        backends = List.copyOf(backends);
    }

    /** The defaults: preferred host, its default machine, no tunables, all backends. */
    public static VfioOptions defaults() {
        return new VfioOptions(Optional.empty(), Optional.empty(), Map.of(), List.of());
    }

    /** These options with another machine. */
    public VfioOptions withMachine(Path path) {
        return new VfioOptions(host, Optional.of(path), settings, backends);
    }

    /** These options with a host chosen by name. */
    public VfioOptions withHost(String name) {
        return new VfioOptions(Optional.of(name), machine, settings, backends);
    }

    /** These options with one more tunable. */
    public VfioOptions with(String name, String value) {
        var more = new HashMap<>(settings);
        more.put(name, value);
        return new VfioOptions(host, machine, more, backends);
    }

    /** These options with certain backends only, the first asked first. */
    public VfioOptions withBackends(String... names) {
        return new VfioOptions(host, machine, settings, List.of(names));
    }
}
