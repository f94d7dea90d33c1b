// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.util.Optional;
import org.vfio4j.spi.call.VirtualTree;

/**
 * Where a file comes from.
 *
 * @param path its place in the tree; for files without one what stands for it in messages
 * @param node the node that was opened, also when it is gone from the tree by now
 */
public record Origin(String path, Optional<VirtualTree.Node> node) {
    /** A file that a call on another file made. */
    public static final Origin MADE = new Origin("anon_inode:[vfio-device]", Optional.empty());

    /** Whether a call on another file made it. */
    public boolean isMade() {
        return this == MADE;
    }
}
