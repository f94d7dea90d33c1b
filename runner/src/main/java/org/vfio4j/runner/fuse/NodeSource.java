// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.Optional;
import org.vfio4j.spi.call.VirtualTree;

/** What a file system shows. Thread-safe. */
public interface NodeSource {
    /**
     * What is at a path now.
     *
     * @param path absolute as seen in the file system; empty for its root
     */
    Optional<VirtualTree.Node> find(String path);

    /** Whether what is at a path stays as it is to the end, so that the kernel may remember it. */
    boolean lasting(String path);
}
