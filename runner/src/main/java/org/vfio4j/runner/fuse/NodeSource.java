// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.Optional;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;

/** What a file system shows. Thread-safe. */
public interface NodeSource {
    /** What is at a path now; that of the root is empty. */
    Optional<VirtualTree.Node> find(String path);

    /** Why nothing can be made in a directory, taken away or renamed: EROFS, EPERM. */
    Errno fixed(String path);

    /** Whether what is at a path stays as it is to the end, so that the kernel may remember it. */
    boolean lasting(String path);
}
