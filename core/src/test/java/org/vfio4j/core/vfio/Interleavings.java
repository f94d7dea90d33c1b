// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.jetbrains.lincheck.Lincheck;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Lets the model checker run a piece of code under many schedules of its threads, switching at every access to shared memory.
 * Lost wake-ups and deadlocks are failures by themselves; everything else the code checks with {@link #check}.
 */
public final class Interleavings {
    /** Where {@link #shared} shows objects to the checker; nobody reads it. */
    @SuppressWarnings("unused")
    private static volatile @Nullable Object seen;

    private Interleavings() {}

    /** Explores so many schedules. */
    public static void explore(int schedules, Runnable scenario) {
        Lincheck.runConcurrentTest(schedules, scenario);
    }

    /**
     * Tells the checker that an object is used by several threads. It does not see what a lambda captures or a collection of
     * the JDK holds, and switches threads only at fields of objects that it knows to be shared.
     */
    public static <T> T shared(T object) {
        seen = object;
        return object;
    }

    /** Runs one part in a thread of its own beside the other, and returns when both are done. */
    public static void beside(Runnable one, Runnable other) {
        var thread = new Thread(one, "beside");
        thread.start();
        other.run();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Fails the schedule when a fact does not hold. */
    public static void check(boolean fact, String sentence) {
        if (!fact) {
            throw new AssertionError(sentence);
        }
    }

    /** The errno a call refuses with, or null when it succeeds. */
    public static @Nullable Errno errnoOf(Runnable call) {
        try {
            call.run();
            return null;
        } catch (VfioException e) {
            return e.errno();
        }
    }
}
