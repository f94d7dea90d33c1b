// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.device;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The one thread on which a machine's devices do what takes time: transfers, computations. Devices therefore never move
 * data on the thread that wrote their registers. Ended by {@link #close}, which waits for the step that is running and
 * drops the rest.
 */
public final class DeviceExecutor implements Executor, AutoCloseable {
    private final ExecutorService thread;

    /**
     * Starts nothing yet: the thread comes with the first step.
     *
     * @param machine the machine's name, for the thread's name
     */
    public DeviceExecutor(String machine) {
        thread = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .daemon()
                .name("vfio4j devices of " + machine)
                .factory());
    }

    /** Queues a step; it is dropped when the machine is being switched off. */
    @Override
    public void execute(Runnable step) {
        try {
            thread.execute(step);
        } catch (RejectedExecutionException off) {
            // Powered off: a device without power does nothing.
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        boolean interrupted = false;
        while (true) {
            try {
                if (thread.awaitTermination(1, TimeUnit.MINUTES)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
