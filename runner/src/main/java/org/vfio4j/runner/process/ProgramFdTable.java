// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.Origin;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.InterestingCalls;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.PageFile;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A process' descriptors: the kernel's own table, looked at through {@code /proc}. Used while a call of the process is handled.
 *
 * <p>Files of the machine get numbers of their own range, so that reads and writes of them can be told from others by number; when
 * that is full, the lowest free number. Numbers reserved and not yet installed are remembered here. Thread-safe.
 */
public final class ProgramFdTable implements FdTable {
    private static final int ENOENT = 2;
    private static final byte[] EVENTFD = "anon_inode:[eventfd]".getBytes(StandardCharsets.US_ASCII);

    private final ProgramProcess process;
    private final Tasks tasks;
    private final Handles handles;
    private final ProgramEvents events;
    private final PhysicalMemory physical;
    private final SharedFiles sharedFiles;

    /** Guards {@link #reserved} and the search for a number. */
    private final ReentrantLock numbersLock = new ReentrantLock();

    private final BitSet reserved = new BitSet();

    /** Below it no number of the range was free when {@link #releasesSeen} files had been released. */
    private int lowest = InterestingCalls.FIRST_DESCRIPTOR;

    /** The same of the numbers outside of the range. */
    private int lowestOutside;

    private long releasesSeen;

    ProgramFdTable(
            ProgramProcess process,
            Tasks tasks,
            Handles handles,
            ProgramEvents events,
            PhysicalMemory physical,
            SharedFiles sharedFiles) {
        this.process = process;
        this.physical = physical;
        this.sharedFiles = sharedFiles;
        this.tasks = tasks;
        this.handles = handles;
        this.events = events;
    }

    private Task task(Call call) {
        Task task = tasks.probably(call);
        if (task == null) {
            throw new VfioException(Errno.ESRCH, "the thread has ended");
        }
        return task;
    }

    @Override
    public FileReference get(int fd) {
        Call call = Call.current();
        Task task = task(call);
        long length = fd < 0 ? -ENOENT : task.link(call, fd);
        if (length < 0) {
            throw new VfioException(Errno.EBADF, "descriptor " + fd + " is not open");
        }
        Handle handle = handles.find(call.link(), length);
        if (handle != null) {
            return handle;
        }
        if (isEventfd(call, length)) {
            return new Unowned(events.get(process, call.tid(), fd));
        }
        return foreign(task.linkText(call, fd).orElse("another file"), fd);
    }

    /** A file that is none of the machine's. */
    private FileReference foreign(String name, int fd) {
        int ours = process.share(fd);
        if (ours >= 0) {
            PageFile pages = ForeignPageFile.of(ours, name, physical, sharedFiles);
            if (pages != null) {
                return new Owned(pages);
            }
            LinuxFiles.close(ours);
        }
        return new Unowned(new ForeignFile(name));
    }

    private static boolean isEventfd(Call call, long length) {
        if (length != EVENTFD.length) {
            return false;
        }
        for (int i = 0; i < EVENTFD.length; i++) {
            if (call.link().get(ValueLayout.JAVA_BYTE, i) != EVENTFD[i]) {
                return false;
            }
        }
        return true;
    }

    /** A file that the machine does not own. */
    private record Unowned(UapiFile file) implements FileReference {
        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /** A file that there is only for this reference. */
    private record Owned(UapiFile file) implements FileReference {
        @Override
        public void close() {
            file.close();
        }
    }

    @Override
    public int reserve() {
        Call call = Call.current();
        Task task = task(call);
        numbersLock.lock();
        try {
            long limit = ProcessLimit.OPEN_FILES.of(process.tgid());
            int end = (int) Math.min(InterestingCalls.END_DESCRIPTOR, limit);
            int fd = inRange(call, task, end);
            if (fd < 0) {
                fd = outside(call, task, (int) Math.min(limit, Integer.MAX_VALUE));
            }
            if (fd < 0) {
                throw new VfioException(Errno.EMFILE, "all " + limit + " descriptors of the program are in use");
            }
            reserved.set(fd);
            return fd;
        } finally {
            numbersLock.unlock();
        }
    }

    private int inRange(Call call, Task task, int end) {
        long releases = handles.releases();
        if (releases != releasesSeen) {
            releasesSeen = releases;
            lowest = InterestingCalls.FIRST_DESCRIPTOR;
            lowestOutside = 0;
        }
        int fd = free(call, task, lowest, end);
        if (fd >= 0) {
            lowest = fd;
        }
        return fd;
    }

    /** A number when the range is full. Others' files are closed unnoticed: who finds none looks again from the beginning. */
    private int outside(Call call, Task task, int end) {
        int fd = free(call, task, lowestOutside, end);
        if (fd < 0 && lowestOutside > 0) {
            fd = free(call, task, 0, end);
        }
        if (fd >= 0) {
            lowestOutside = fd;
        }
        return fd;
    }

    /** The lowest number that is neither open nor reserved, or -1. */
    private int free(Call call, Task task, int from, int end) {
        for (int fd = from; fd < end; fd++) {
            if (!reserved.get(fd) && task.link(call, fd) == -ENOENT) {
                return fd;
            }
        }
        return -1;
    }

    @Override
    public void install(int fd, UapiFile file) {
        install(fd, file, Origin.MADE, 2, true);
    }

    /**
     * Opens a file under a reserved number.
     *
     * @param origin where it comes from
     * @param flags the open flags
     * @return the number or a negated errno; the file is closed then
     */
    public int install(int fd, UapiFile file, Origin origin, int flags, boolean closeOnExec) {
        try {
            return handles.open(Call.current(), file, origin, flags, fd, closeOnExec, false);
        } finally {
            cancel(fd);
        }
    }

    @Override
    public void cancel(int fd) {
        numbersLock.lock();
        try {
            reserved.clear(fd);
        } finally {
            numbersLock.unlock();
        }
    }
}
