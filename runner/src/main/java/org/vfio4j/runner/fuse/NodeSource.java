// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.Optional;
import org.vfio4j.spi.call.VirtualTree;

/** What a file system shows. Thread-safe. */
public interface NodeSource {
    /** The path that its root is mounted at. */
    String root();

    /** What is at a path now; it starts with that of the root. */
    Optional<VirtualTree.Node> find(String path);

    /** Whether what is at a path stays as it is to the end, so that the kernel may remember it. */
    boolean lasting(String path);
}
