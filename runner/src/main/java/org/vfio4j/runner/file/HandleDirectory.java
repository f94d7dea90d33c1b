// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder of real files: in memory where there is such a place, and named so that leftovers can be told. */
final class HandleDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(HandleDirectory.class);
    private static final Path IN_MEMORY = Path.of("/dev/shm");
    private static final String NAME = "vfio4j-run-";

    private HandleDirectory() {}

    static Path make() throws IOException {
        Path parent = Files.isWritable(IN_MEMORY) ? IN_MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
        deleteLeftovers(parent);
        return Files.createTempDirectory(
                        parent,
                        NAME + ProcessHandle.current().pid() + "-",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
                .toRealPath();
    }

    /** Deletes folders of processes that were killed. */
    private static void deleteLeftovers(Path parent) throws IOException {
        try (var found = Files.newDirectoryStream(parent, NAME + "*-*")) {
            for (Path folder : found) {
                String rest = folder.getFileName().toString().substring(NAME.length());
                try {
                    long pid = Long.parseLong(rest, 0, rest.indexOf('-'), 10);
                    if (ProcessHandle.of(pid).isEmpty() && isOurs(folder)) {
                        delete(folder);
                    }
                } catch (NoSuchFileException gone) {
                    LOG.trace("{} is gone", folder);
                } catch (NumberFormatException notOurs) {
                    LOG.debug("{} is none of ours", folder);
                }
            }
        }
    }

    /** Others' folders are theirs to delete. */
    private static boolean isOurs(Path folder) throws IOException {
        return Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }

    /** Deletes a file or a folder with everything in it. */
    static void delete(Path path) {
        try {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                try (var inside = Files.newDirectoryStream(path)) {
                    inside.forEach(HandleDirectory::delete);
                }
            }
            Files.delete(path);
        } catch (NoSuchFileException gone) {
            LOG.trace("{} is gone", path);
        } catch (IOException e) {
            LOG.warn("{} stays behind: {}", path, e.toString());
        }
    }
}
