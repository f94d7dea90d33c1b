// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.watch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPoll;

/** One thread that waits for descriptors to become readable. Thread-safe. */
public final class Watch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1);

    private final Map<Integer, Runnable> watched = new ConcurrentHashMap<>();

    /** Guards the use of {@link #wake} and {@link #ended}. Innermost. */
    private final ReentrantLock wakeLock = new ReentrantLock();

    private final int wake = LinuxFiles.eventfd(0, LinuxFiles.EFD_NONBLOCK | LinuxFiles.EFD_CLOEXEC);
    private final Thread thread;
    private volatile boolean closed;

    /** {@link #wake} is closed, and its number may mean another file. */
    private boolean ended;

    /** Starts the thread. */
    public Watch() {
        thread = Thread.ofPlatform().daemon().name("vfio4j-watch").start(this::run);
    }

    /**
     * Watches a descriptor.
     *
     * @param action called in the watch's thread whenever the descriptor is readable; it makes it unreadable or removes it
     */
    public void add(int fd, Runnable action) {
        watched.put(fd, action);
        wakeUp();
    }

    /**
     * Stops watching. To be called before the descriptor is closed. An action that has begun may still run, or be about to: it
     * must bear being called once more after this. Waiting for it here could wait for ever, since it may need what the caller
     * holds.
     */
    public void remove(int fd) {
        watched.remove(fd);
        wakeUp();
    }

    private void wakeUp() {
        wakeLock.lock();
        try {
            if (!ended) {
                LinuxFiles.write(wake, ONE);
            }
        } finally {
            wakeLock.unlock();
        }
    }

    private void run() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment counter = arena.allocate(Long.BYTES, Long.BYTES);
            while (!closed) {
                turn(counter);
            }
        }
        wakeLock.lock();
        try {
            ended = true;
            LinuxFiles.close(wake);
        } finally {
            wakeLock.unlock();
        }
    }

    private void turn(MemorySegment counter) {
        List<Map.Entry<Integer, Runnable>> now = new ArrayList<>();
        watched.forEach((fd, action) -> now.add(Map.entry(fd, action)));
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate((now.size() + 1L) * LinuxPoll.POLLFD_SIZE, Long.BYTES);
            for (int i = 0; i < now.size(); i++) {
                ask(polled, i, now.get(i).getKey());
            }
            ask(polled, now.size(), wake);
            LinuxPoll.poll(polled, -1);
            LinuxFiles.read(wake, counter);
            for (int i = 0; i < now.size(); i++) {
                long at = (long) i * LinuxPoll.POLLFD_SIZE;
                if (polled.get(ValueLayout.JAVA_SHORT, at + LinuxPoll.POLLFD_REVENTS) != 0) {
                    act(now.get(i).getKey(), now.get(i).getValue());
                }
            }
        }
    }

    private static void ask(MemorySegment polled, int index, int fd) {
        long at = (long) index * LinuxPoll.POLLFD_SIZE;
        polled.set(ValueLayout.JAVA_INT, at + LinuxPoll.POLLFD_FD, fd);
        polled.set(ValueLayout.JAVA_SHORT, at + LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
    }

    /** Acts for a descriptor unless it was removed while it was polled, also when its number means another one by now. */
    private void act(int fd, Runnable action) {
        if (watched.get(fd) != action) {
            return;
        }
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.error("watching descriptor {} failed", fd, e);
            watched.remove(fd, action);
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closed = true;
        wakeUp();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
