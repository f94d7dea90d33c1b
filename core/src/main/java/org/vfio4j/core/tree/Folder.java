// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.util.Optional;
import org.vfio4j.spi.call.VirtualTree;

/** A directory that can be asked for one entry without making all of them. */
interface Folder extends VirtualTree.Directory {
    /** The entry with a name. */
    Optional<VirtualTree.Node> child(String name);
}
