// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.vfio4j.spi.call.VirtualTree;

/** A directory with few entries, put together by whoever makes it and complete before anybody else sees it. */
final class Entries implements Folder {
    private final Map<String, VirtualTree.Node> entries = new TreeMap<>();

    /** Adds an entry; one of the same name is replaced. */
    Entries add(String name, VirtualTree.Node node) {
        entries.put(name, node);
        return this;
    }

    @Override
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    @Override
    public Optional<VirtualTree.Node> child(String name) {
        return Optional.ofNullable(entries.get(name));
    }
}
