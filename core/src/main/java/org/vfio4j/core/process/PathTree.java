// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import org.vfio4j.spi.call.UapiFile;

/** Names of files: the virtual tree with {@code /dev/vfio} and {@code /dev/iommu}. Thread-safe. */
@FunctionalInterface
public interface PathTree {
    /**
     * Opens a file.
     *
     * @param path absolute
     * @param flags the open flags; descriptors' own flags and the access mode are the caller's business
     * @return a file that is closed once by whoever opened it
     * @throws org.vfio4j.uapi.VfioException ENOENT, EBUSY and whatever else the file's open answers
     */
    UapiFile open(String path, int flags);
}
