// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directories below {@code /sys/devices} as they nested at one time, to be found by path. Immutable once made. */
final class DevicesIndex {
    /** Directories that collect devices of many kinds, of which only some are ours. */
    private static final Set<String> SHARED = Set.of("virtual", "platform", "misc");

    private final Branch top = new Branch();
    private final Set<String> roots = new LinkedHashSet<>();

    /** A directory: what is put into it, and the directories below it that lead to something. */
    private static final class Branch {
        private final List<Place> places = new ArrayList<>();
        private final Map<String, Branch> below = new TreeMap<>();
    }

    /** An index of places. */
    DevicesIndex(Stream<Place> places) {
        places.forEach(this::add);
    }

    private void add(Place place) {
        var branch = top;
        var root = new StringBuilder();
        boolean inShared = true;
        for (var name : names(place.path())) {
            branch = branch.below.computeIfAbsent(name, key -> new Branch());
            if (inShared) {
                // The first one is "devices" itself.
                inShared = root.isEmpty() || SHARED.contains(name);
                root.append(root.isEmpty() ? "" : "/").append(name);
            }
        }
        branch.places.add(place);
        roots.add(root.toString());
    }

    private static String[] names(String path) {
        return path.substring(1).split("/", -1);
    }

    private @Nullable Branch branch(String path) {
        var branch = top;
        for (var name : names(path)) {
            branch = branch.below.get(name);
            if (branch == null) {
                return null;
            }
        }
        return branch;
    }

    /** Whether there is a directory. */
    boolean has(String path) {
        return branch(path) != null;
    }

    /** Names of the directories in a directory. */
    Stream<String> below(String path) {
        return Optional.ofNullable(branch(path)).stream().flatMap(branch -> branch.below.keySet().stream());
    }

    /** What is put into a directory. */
    Entries content(String path) {
        var entries = new Entries();
        var branch = branch(path);
        if (branch != null) {
            branch.places.forEach(place -> place.content().accept(entries));
        }
        return entries;
    }

    /** The topmost directories that hold nothing but ours, without a slash in front. */
    Stream<String> roots() {
        return roots.stream();
    }
}
