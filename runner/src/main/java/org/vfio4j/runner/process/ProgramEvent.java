// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPoll;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An eventfd of the program, by a descriptor of our own. Whoever signals writes to the program's counter. */
final class ProgramEvent implements EventFile {
    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1);

    private final int fd;
    private final Watch watch;

    /** Guards changes of {@link #listeners} together with whether they are watched for. Innermost but for the watch's. */
    private final ReentrantLock listenersLock = new ReentrantLock();

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** The watch's thread while it tells the listeners, and what it tells: written by it alone. */
    private volatile @Nullable Thread teller;

    private long told;

    ProgramEvent(int fd, Watch watch) {
        this.fd = fd;
        this.watch = watch;
    }

    @Override
    public void signal() {
        // Only a counter close to 2^64 would block, and a counter that full is as signalled as can be.
        LinuxFiles.write(fd, ONE);
    }

    /** For a listener that is being told of a signal it is the count that all are told of. */
    @Override
    public long take() {
        return teller == Thread.currentThread() ? told : takeNow();
    }

    private long takeNow() {
        // The program may have made it blocking.
        if ((poll() & POLL_IN) == 0) {
            return 0;
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(Long.BYTES, Long.BYTES);
            return LinuxFiles.read(fd, value) == Long.BYTES ? value.get(ValueLayout.JAVA_LONG, 0) : 0;
        }
    }

    @Override
    public int poll() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(LinuxPoll.POLLFD_SIZE, Integer.BYTES);
            polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, fd);
            polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, (short) (POLL_IN | POLL_OUT));
            return LinuxPoll.poll(polled, 0) > 0 ? polled.get(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_REVENTS) : 0;
        }
    }

    @Override
    public Listening listen(Runnable listener) {
        var own = new Listener(listener);
        listenersLock.lock();
        try {
            listeners.add(own);
            if (listeners.size() == 1) {
                watch.add(fd, this::signalled);
            }
        } finally {
            listenersLock.unlock();
        }
        return () -> forget(own);
    }

    private void forget(Listener own) {
        listenersLock.lock();
        try {
            if (listeners.remove(own) && listeners.isEmpty()) {
                watch.remove(fd);
            }
        } finally {
            listenersLock.unlock();
        }
    }

    /** Has an identity, since the same action may be added twice. */
    private static final class Listener {
        private final Runnable action;

        Listener(Runnable action) {
            this.action = action;
        }
    }

    /** The count is taken before any listener acts: what is signalled from then on makes another turn of the watch. */
    private void signalled() {
        told = takeNow();
        teller = Thread.currentThread();
        try {
            listeners.forEach(listener -> listener.action.run());
        } finally {
            teller = null;
        }
    }

    @Override
    public boolean closed() {
        return false;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "an eventfd has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public void close() {
        // The descriptor is closed when nothing refers to this any more.
    }
}
