// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.Arena;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.uapi.Errno;

/**
 * The threads that answer requests. A request may block (a removal waits for a device's users), so there is always one more thread
 * that waits for the next; those too many end. They must be started by a thread that does not see what is mounted.
 */
public final class FuseServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FuseServer.class);

    /** Threads that wait for a request, when nothing is done. */
    private static final int IDLE = 2;

    /** So many stay when requests have become fewer. */
    private static final int MOST_IDLE = 4;

    private static final int STOPPED = 1 << 20;
    private static final long PAUSE_NANOSECONDS = 50_000;

    private final FuseConnection connection;
    private final FuseFileSystem files;
    private final AtomicInteger names = new AtomicInteger();

    /** How many wait for a request; {@link #STOPPED} is added when no more may. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    /** Will serve what is mounted with a descriptor of {@code /dev/fuse} that does not block, and closes it. */
    public FuseServer(int fd, NodeSource source, NodeChanges changes, FuseClients clients, FuseIds ids) {
        connection = new FuseConnection(fd);
        files = new FuseFileSystem(source, changes, clients, ids);
    }

    /**
     * Opens the device.
     *
     * @return a descriptor that does not block
     * @throws org.vfio4j.uapi.VfioException ENOENT, EACCES: there is none, or not for us
     */
    public static int openDevice() {
        return FuseConnection.open();
    }

    /** Starts to answer; to be called once it is mounted. */
    public void start() {
        for (int i = 0; i < IDLE; i++) {
            startOne();
        }
    }

    private void startOne() {
        if (startWaiting(Integer.MAX_VALUE)) {
            connection.acquire();
            Thread thread = Thread.ofPlatform()
                    .daemon()
                    .name("vfio4j-fuse-" + names.incrementAndGet())
                    .unstarted(this::run);
            threads.add(thread);
            thread.start();
        }
    }

    /** Counts a thread that is about to wait, unless there are enough or none may any more. */
    private boolean startWaiting(int enough) {
        while (true) {
            int now = waiting.get();
            if (now >= Math.min(enough, STOPPED)) {
                return false;
            }
            if (waiting.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    private void run() {
        try (var arena = Arena.ofConfined()) {
            var request = new FuseRequest(arena);
            var poll = connection.waiting(arena);
            do {
                boolean received = connection.receive(request, poll);
                int others = waiting.decrementAndGet();
                if (!received || others >= STOPPED) {
                    return;
                }
                if (others == 0) {
                    startOne();
                }
                decide(request);
                if (request.hasAnswer() && !connection.send(request)) {
                    files.unsent(request);
                }
            } while (startWaiting(MOST_IDLE));
        } finally {
            connection.release();
            threads.remove(Thread.currentThread());
        }
    }

    @SuppressWarnings("CatchingUnchecked") // a program must not hang because of a mistake here
    private void decide(FuseRequest request) {
        try {
            files.handle(request);
        } catch (Exception | LinkageError | AssertionError e) {
            LOG.error("request {} could not be answered", request.opcode(), e);
            request.refuse(Errno.EIO);
        }
    }

    /** Ends: calls that wait for an answer fail. A thread that still does something ends with it. */
    @Override
    public void close() {
        waiting.addAndGet(STOPPED);
        connection.stop();
        while (waiting.get() > STOPPED) {
            LockSupport.parkNanos(PAUSE_NANOSECONDS);
        }
        connection.cut();
    }

    /** How many of its threads have not ended. */
    public int threads() {
        return threads.size();
    }
}
