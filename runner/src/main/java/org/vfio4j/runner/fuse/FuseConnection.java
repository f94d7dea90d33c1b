// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPoll;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The descriptor that the kernel's requests come from. When it is cut, requests that wait are answered with an error by the
 * kernel; the descriptor's number stays taken until the last thread that may use it has ended. Thread-safe.
 */
final class FuseConnection {
    private static final int NOTHING_YET = -Errno.EAGAIN.number();
    private static final int INTERRUPTED = -Errno.EINTR.number();
    private static final int CALLER_GONE = -Errno.ENOENT.number();

    private final int fd;
    private final int stop = LinuxFiles.eventfd(0, LinuxFiles.EFD_CLOEXEC | LinuxFiles.EFD_NONBLOCK);

    /** Threads, and the owner until it has cut the connection. */
    private final AtomicInteger users = new AtomicInteger(1);

    private volatile boolean stopping;

    /** A connection on a descriptor of {@code /dev/fuse} that does not block, which it closes. */
    FuseConnection(int fd) {
        this.fd = fd;
    }

    /**
     * Opens the device.
     *
     * @return a descriptor that does not block
     * @throws VfioException ENOENT, EACCES: there is none, or not for us
     */
    static int open() {
        int fd = LinuxPaths.open("/dev/fuse", LinuxPaths.O_RDWR | LinuxPaths.O_CLOEXEC | LinuxPaths.O_NONBLOCK, 0);
        if (fd < 0) {
            throw new VfioException(Errno.of(-fd), "/dev/fuse cannot be opened");
        }
        return fd;
    }

    /** One more thread uses it. */
    void acquire() {
        users.incrementAndGet();
    }

    /** A thread does not use it any more; the last one closes it. */
    void release() {
        if (users.decrementAndGet() == 0) {
            LinuxFiles.close(fd);
            LinuxFiles.close(stop);
        }
    }

    /** What a thread needs to wait. */
    MemorySegment waiting(Arena arena) {
        MemorySegment polled = arena.allocate(2L * LinuxPoll.POLLFD_SIZE, Long.BYTES);
        polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, fd);
        polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
        polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_SIZE + LinuxPoll.POLLFD_FD, stop);
        polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_SIZE + LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
        return polled;
    }

    /** Waits for a request; false when there will be none any more. To be called after the connection was mounted. */
    boolean receive(FuseRequest request, MemorySegment waiting) {
        while (!stopping) {
            long size = LinuxFiles.read(fd, request.room());
            if (size > 0) {
                request.received((int) size);
                return true;
            }
            if (size != NOTHING_YET && size != INTERRUPTED && size != CALLER_GONE) {
                return false; // ENODEV: not mounted any more
            }
            LinuxPoll.poll(waiting, -1);
        }
        return false;
    }

    /** Sends an answer; false when nobody waits for it any more. */
    boolean send(FuseRequest request) {
        return LinuxFiles.write(fd, request.answer()) > 0;
    }

    /** Wakes the threads that wait: there will be no request any more. */
    void stop() {
        stopping = true;
        try (var arena = Arena.ofConfined()) {
            LinuxFiles.write(stop, arena.allocateFrom(ValueLayout.JAVA_LONG, 1));
        }
    }

    /** Ends it for the kernel. No thread may wait for requests any more; those that answer some do it in vain. */
    void cut() {
        LinuxFiles.replace(fd, stop);
        release();
    }
}
