// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.vfio4j.spi.call.VirtualTree;

/** A directory whose entries follow from something that changes: names and entries are asked for when they are wanted. */
final class Listing implements Folder {
    private final Supplier<Stream<String>> names;
    private final Function<String, Optional<? extends VirtualTree.Node>> lookup;

    /**
     * A directory.
     *
     * @param names what is in it now, in any order, possibly twice
     * @param lookup the entry with a name, empty when there is none
     */
    Listing(Supplier<Stream<String>> names, Function<String, Optional<? extends VirtualTree.Node>> lookup) {
        this.names = names;
        this.lookup = lookup;
    }

    @Override
    public List<String> names() {
        return names.get().distinct().sorted().toList();
    }

    @Override
    public Optional<VirtualTree.Node> child(String name) {
        return lookup.apply(name).map(VirtualTree.Node.class::cast);
    }
}
