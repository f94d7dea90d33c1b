// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import org.jspecify.annotations.Nullable;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/** The machine of one process: booted when the first command needs it, powered off at the end. One thread. */
final class Session implements AutoCloseable {
    private @Nullable Vfio vfio;
    private @Nullable VfioOptions options;

    /** The running machine, booted with these options if none runs yet. */
    Vfio boot(VfioOptions wanted) {
        var running = vfio;
        if (running == null) {
            running = Vfio.open(wanted);
            vfio = running;
            options = wanted;
        }
        return running;
    }

    /** Whether a machine runs that these options would not have booted. */
    boolean contradicts(VfioOptions wanted) {
        return options != null && !wanted.equals(VfioOptions.defaults()) && !wanted.equals(options);
    }

    @Override
    public void close() {
        if (vfio != null) {
            vfio.close();
            vfio = null;
        }
    }
}
