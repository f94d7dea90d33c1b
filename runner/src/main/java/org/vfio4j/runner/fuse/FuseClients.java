// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.function.Supplier;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.VfioException;

/** Who uses a file system, and who is told what they do. Thread-safe. */
public interface FuseClients {
    /**
     * The process of a thread.
     *
     * @throws VfioException ESRCH when the thread is gone or cannot be seen
     */
    Caller caller(int tid);

    /** Before something is asked for: what was closed before must count. */
    void settle();

    /** A call was answered. */
    void done(int tid, Supplier<String> text, long result);

    /** A call was refused. */
    void refused(int tid, Supplier<String> text, VfioException reason);
}
