// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.VfioException;

/** Counts the steps of a call that can fail, and makes a chosen one fail. Not thread-safe. */
final class Faults {
    private int seen;
    private int failing = -1;
    private @Nullable Supplier<? extends Throwable> failure;
    private @Nullable String failed;

    /** Counts from 0 again; nothing fails. */
    void count() {
        seen = 0;
        failing = -1;
        failed = null;
    }

    /** Counts from 0 again and makes one step fail. */
    void failAt(int step, Supplier<? extends Throwable> with) {
        count();
        failing = step;
        failure = with;
    }

    /** Steps counted. */
    int steps() {
        return seen;
    }

    /** The step that failed, if it was reached. */
    @Nullable
    String failed() {
        return failed;
    }

    /** A place where the environment may fail. */
    void step(String what) {
        if (seen++ == failing && failure != null) {
            failed = what;
            Throwable thrown = failure.get();
            if (thrown instanceof VfioException refused) {
                throw refused;
            }
            throw (Error) thrown;
        }
    }
}
