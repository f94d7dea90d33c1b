// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An empty directory to put mounts together in, needed only that long. It is none that the mounts will cover: what lies there could
 * not be unmounted any more.
 */
final class MountPlace implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MountPlace.class);

    private final Path path;

    /**
     * Makes it in the folder for temporary files.
     *
     * @throws VfioException ENOENT: that cannot be used
     */
    MountPlace() {
        try {
            path = Files.createTempDirectory(
                            "vfio4j-mount-",
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
                    .toRealPath();
        } catch (IOException e) {
            throw new VfioException(Errno.ENOENT, "there is no place to put mounts together: " + e, e);
        }
        if (MergedTree.SHOWN.stream().anyMatch(path::startsWith)) {
            close();
            throw new VfioException(Errno.ENOENT, "the folder for temporary files is " + path.getParent());
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            Files.delete(path);
        } catch (IOException e) {
            LOG.warn("{} stays behind: {}", path, e.toString());
        }
    }
}
