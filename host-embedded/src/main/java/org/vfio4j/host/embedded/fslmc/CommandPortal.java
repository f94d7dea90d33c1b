// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.fslmc.McRegion;

/**
 * A portal that takes commands: a store of the header with status READY starts what the seven words behind it say, and when
 * the store is done the answer stands in their place. Stores through a mapping reach the bytes but start nothing. Spec:
 * fsl-mc §10.1.
 */
final class CommandPortal implements RegionModel {
    private final McRegion region;
    private final PortalMemory memory;
    private final EmbeddedMcObject container;
    private final ManagementComplex complex;

    /** What users opened through this portal; guarded by the firmware lock. */
    private final McSession users = new McSession();

    /** Held while a command runs, so that commands of one portal come one after the other; before the firmware lock. */
    private final ReentrantLock portalLock = new ReentrantLock();

    /**
     * A portal.
     *
     * @param container whose objects it reaches
     */
    CommandPortal(McRegion region, PortalMemory memory, EmbeddedMcObject container, ManagementComplex complex) {
        this.region = region;
        this.memory = memory;
        this.container = container;
        this.complex = complex;
        complex.add(users);
    }

    @Override
    public McRegion region() {
        return region;
    }

    @Override
    public PortalMemory memory() {
        return memory;
    }

    @Override
    public void write(long offset, long value) {
        portalLock.lock();
        try {
            memory.set(offset, value);
            if (offset == 0 && McCommand.status(value) == McStatus.READY.code()) {
                execute();
            }
        } finally {
            portalLock.unlock();
        }
    }

    private void execute() {
        long[] words = new long[McCommand.WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = memory.get((long) i * Long.BYTES);
        }
        if (complex.execute(container, users, words)) {
            // The header last: whoever sees its status sees the answer.
            for (int i = words.length - 1; i >= 0; i--) {
                memory.set((long) i * Long.BYTES, words[i]);
            }
        }
    }

    /** Commands are carried out at once: nothing is running, and what stands in the portal harms nobody. */
    @Override
    public void reset() {}
}
