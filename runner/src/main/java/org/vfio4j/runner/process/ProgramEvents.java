// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The program's eventfds that devices know. The same eventfd is the same object, whichever descriptor it was found with. Nobody
 * says when the last device has forgotten one, so its descriptor is closed when the collector finds that. Thread-safe.
 */
final class ProgramEvents implements AutoCloseable {
    private static final String ID = "eventfd-id:";
    private static final Cleaner CLEANER = Cleaner.create();

    private final Watch watch;

    /** Guards {@link #known}. */
    private final ReentrantLock knownLock = new ReentrantLock();

    private final Map<String, WeakReference<ProgramEvent>> known = new HashMap<>();

    ProgramEvents(Watch watch) {
        this.watch = watch;
    }

    /**
     * An eventfd of a process.
     *
     * @throws VfioException EBADF when it was closed in the meantime, EPERM
     */
    ProgramEvent get(ProgramProcess process, int tid, int number) {
        String id = id(tid, number);
        knownLock.lock();
        try {
            known.values().removeIf(reference -> reference.get() == null);
            var reference = id == null ? null : known.get(id);
            ProgramEvent event = reference == null ? null : reference.get();
            if (event != null) {
                return event;
            }
            int fd = process.share(number);
            if (fd < 0) {
                throw new VfioException(Errno.of(-fd), "eventfd " + number + " of the program cannot be shared");
            }
            event = new ProgramEvent(fd, watch);
            CLEANER.register(event, () -> LinuxFiles.close(fd));
            if (id != null) {
                known.put(id, new WeakReference<>(event));
            }
            return event;
        } finally {
            knownLock.unlock();
        }
    }

    /** What tells eventfds apart; null on kernels that do not say (before 5.2). */
    private static @Nullable String id(int tid, int number) {
        try (var lines = Files.lines(Path.of("/proc/" + tid + "/fdinfo/" + number))) {
            return lines.filter(line -> line.startsWith(ID)).findFirst().orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    public void close() {
        knownLock.lock();
        try {
            known.clear();
        } finally {
            knownLock.unlock();
        }
    }
}
