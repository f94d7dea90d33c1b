// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The folders of real files, as many as it takes: the further ones are in the first one. Thread-safe. */
final class WatchedFolders implements AutoCloseable {
    private static final String STAGING = "staging";

    private final Path directory;
    private final Path staging;
    private final Watch watch;
    private final Runnable readable;

    /** Guards changes of {@link #folders} and {@link #over}. Innermost but for the watch's. */
    private final ReentrantLock foldersLock = new ReentrantLock();

    private boolean over;

    /** Never empty; the first one is {@link #directory}. Grown by copying under the lock. */
    private volatile List<WatchedFolder> folders;

    /**
     * Makes the first one; {@link #begin} has to follow.
     *
     * @param readable what the watch does when files are gone from the program
     * @throws VfioException EACCES, or EMFILE when the user may watch no more
     */
    WatchedFolders(Watch watch, Runnable readable) {
        this.watch = watch;
        this.readable = readable;
        try {
            directory = HandleDirectory.make();
            staging = directory.resolve(STAGING);
            try {
                Files.createDirectory(staging);
                folders = List.of(new WatchedFolder(directory));
            } catch (IOException | VfioException e) {
                HandleDirectory.delete(directory);
                throw e;
            }
        } catch (IOException e) {
            throw new VfioException(Errno.EACCES, "no folder for files of the program can be made: " + e, e);
        }
    }

    /** From now on the watch looks after them. */
    void begin() {
        folders.forEach(folder -> watch.add(folder.inotify(), readable));
    }

    /** The first folder. */
    Path directory() {
        return directory;
    }

    /** A folder for names that nobody watches. */
    Path staging() {
        return staging;
    }

    /** All of them. */
    List<WatchedFolder> all() {
        return folders;
    }

    /**
     * A folder in which one more file was counted.
     *
     * @throws VfioException ENOSYS when all is over, EMFILE when there cannot be another folder
     */
    WatchedFolder withRoom() {
        foldersLock.lock();
        try {
            if (over) {
                throw HandleTable.ended();
            }
            for (WatchedFolder folder : folders) {
                if (folder.tryAdd()) {
                    return folder;
                }
            }
            var added = new WatchedFolder(directory.resolve(String.valueOf(folders.size())));
            var more = new ArrayList<>(folders);
            more.add(added);
            folders = List.copyOf(more);
            added.tryAdd();
            watch.add(added.inotify(), readable);
            return added;
        } finally {
            foldersLock.unlock();
        }
    }

    /** From now on there is no room. */
    void end() {
        foldersLock.lock();
        try {
            over = true;
        } finally {
            foldersLock.unlock();
        }
    }

    /** Ends watching them; they stay until {@link #delete}. */
    @Override
    public void close() {
        folders.forEach(folder -> watch.remove(folder.inotify()));
        folders.forEach(WatchedFolder::close);
    }

    /** Deletes them with everything in them. */
    void delete() {
        HandleDirectory.delete(directory);
    }
}
