// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Starts threads and fails with everybody's stack when they are deadlocked or make no progress. One thread uses it. */
final class Watchdog {
    /** A thread that has done nothing for so long hangs; no call here takes a hundredth of it. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final List<Watched> threads = new ArrayList<>();

    /** A thread and what it has done. */
    private static final class Watched {
        private final Thread thread;
        private final AtomicLong progress;
        private long seen = -1;
        private long since = System.nanoTime();

        private Watched(Thread thread, AtomicLong progress) {
            this.thread = thread;
            this.progress = progress;
        }

        private boolean hangs() {
            long now = progress.get();
            if (now != seen) {
                seen = now;
                since = System.nanoTime();
            }
            return thread.isAlive() && System.nanoTime() - since > PATIENCE;
        }
    }

    /** Starts a thread that is expected to raise a number now and then. */
    Thread start(String name, Runnable work, AtomicLong progress) {
        var thread = Thread.ofPlatform().daemon().name(name).start(work);
        threads.add(new Watched(thread, progress));
        return thread;
    }

    /** Watches for a while. */
    void watch(Duration duration) throws InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() < end) {
            look();
            Thread.sleep(LOOK_EVERY);
        }
    }

    /** Watches until a thread has ended. */
    void awaitEnd(Thread thread) throws InterruptedException {
        while (!thread.join(LOOK_EVERY)) {
            look();
        }
    }

    /** Watches until all have ended. */
    void awaitEnd() throws InterruptedException {
        for (var watched : threads) {
            awaitEnd(watched.thread);
        }
    }

    private void look() {
        var beans = ManagementFactory.getThreadMXBean();
        long[] deadlocked = beans.findDeadlockedThreads();
        if (deadlocked != null) {
            throw new AssertionError("threads are deadlocked:\n" + stacks());
        }
        for (var watched : threads) {
            if (watched.hangs()) {
                throw new AssertionError(watched.thread.getName() + " makes no progress:\n" + stacks());
            }
        }
    }

    private static String stacks() {
        var text = new StringBuilder();
        for (var info : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true, Integer.MAX_VALUE)) {
            text.append(info);
        }
        return text.toString();
    }
}
