// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.lang.foreign.Arena;
import java.util.function.Supplier;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The programs as users of a mounted {@code /sys} and {@code /dev}: the same callers, told of in the same way, as those of intercepted calls.
 *
 * @param tasks their threads
 * @param handles what they have open
 * @param trace told what they do
 */
record TreeClients(Tasks tasks, Handles handles, Trace trace) implements FuseClients {
    private static final int LINK_SIZE = 4096;

    @Override
    public Caller caller(int tid) {
        try (var arena = Arena.ofConfined()) {
            var task = tid == 0 ? null : tasks.of(tid, arena.allocate(LINK_SIZE));
            if (task == null) {
                throw new VfioException(Errno.ESRCH, "thread " + tid + " has ended");
            }
            return task.process();
        }
    }

    @Override
    public void settle() {
        handles.drain();
    }

    @Override
    public void done(int tid, Supplier<String> text, long result) {
        trace.done(tid, text, result);
    }

    @Override
    public void refused(int tid, Supplier<String> text, VfioException reason) {
        trace.refused(tid, text, reason);
    }
}
