// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.ffm.LinuxStat;

/**
 * Opens, in this process, files that a program has mapped or open. What was found is looked at before it is opened, since opening
 * some files does something, and only the file that was meant is.
 */
final class FileFinder {
    private static final int ENOENT = 2;

    private FileFinder() {}

    /**
     * Opens the file that an area shows: through the area itself, which finds every file but takes a capability; else through a
     * descriptor of the program for the same file; else by its path.
     *
     * @param tgid the program's process
     * @param tid a thread of it
     * @return a descriptor, or a negated errno
     */
    static int open(int tgid, int tid, MemoryArea area, boolean write) {
        int fd = reopen(linkOf(tid, area), area.file(), write);
        if (fd < 0) {
            fd = byDescriptor(tgid, tid, area.file(), write);
        }
        return fd < 0 ? byPath(tid, area, write) : fd;
    }

    /** {@code CAP_SYS_ADMIN} or {@code CAP_CHECKPOINT_RESTORE} is needed to follow it. */
    private static String linkOf(int tid, MemoryArea area) {
        return "/proc/" + tid + "/map_files/" + Long.toHexString(area.start()) + "-" + Long.toHexString(area.end());
    }

    /** Through a descriptor of the program: opened again, or if the file does not allow that, the program's own. */
    static int byDescriptor(int tgid, int tid, FileId file, boolean write) {
        int refusal = -ENOENT;
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/" + tid + "/fd"))) {
            for (Path descriptor : descriptors) {
                if (!isFile(descriptor.toString(), file)) {
                    continue;
                }
                int fd = reopen(descriptor.toString(), file, write);
                if (fd < 0) {
                    fd = share(tgid, descriptor);
                }
                if (fd >= 0) {
                    return fd;
                }
                refusal = fd;
            }
        } catch (IOException | DirectoryIteratorException gone) {
            return refusal;
        }
        return refusal;
    }

    private static boolean isFile(String path, FileId file) {
        LinuxStat.Status status = LinuxStat.of(path);
        return status.regular() && FileId.of(status).equals(file);
    }

    private static int share(int tgid, Path descriptor) {
        String path = descriptor.toString();
        int number = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
        int pidfd = LinuxPidfd.open(tgid);
        if (pidfd < 0) {
            return pidfd;
        }
        try {
            return LinuxPidfd.getfd(pidfd, number);
        } finally {
            LinuxFiles.close(pidfd);
        }
    }

    /** By the area's name, as the program sees it; a deleted file's name is another file's or nobody's. */
    static int byPath(int tid, MemoryArea area, boolean write) {
        return reopen("/proc/" + tid + "/root" + area.name(), area.file(), write);
    }

    /**
     * Opens what a path leads to if it is a certain file.
     *
     * @return a descriptor, or a negated errno; ENOENT for another file
     */
    static int reopen(String path, FileId file, boolean write) {
        int place = LinuxPaths.open(path, LinuxPaths.O_PATH | LinuxPaths.O_CLOEXEC, 0);
        if (place < 0) {
            return place;
        }
        try {
            LinuxStat.Status status = LinuxStat.of(place);
            if (!status.regular() || !FileId.of(status).equals(file)) {
                return -ENOENT;
            }
            return reopen(place, write);
        } finally {
            LinuxFiles.close(place);
        }
    }

    /** Opens the file behind a descriptor of this process once more, whatever that one allows. */
    static int reopen(int fd, boolean write) {
        int access = write ? LinuxPaths.O_RDWR : LinuxPaths.O_RDONLY;
        return LinuxPaths.open("/proc/self/fd/" + fd, access | LinuxPaths.O_NONBLOCK | LinuxPaths.O_CLOEXEC, 0);
    }
}
