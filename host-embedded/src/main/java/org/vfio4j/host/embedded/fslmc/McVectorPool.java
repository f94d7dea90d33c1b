// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The interrupt vectors of a container, shared by it and its objects (kernel: {@code fsl_mc_populate_irq_pool}). A message
 * is a write of a vector's number to the {@link #DOORBELL}. Thread-safe. Spec: fsl-mc §9.2, §9.3.
 */
final class McVectorPool {
    /** Vectors of one container. */
    static final int SIZE = 256;

    /** Where messages are written. */
    static final long DOORBELL = 0x6020_0040L;

    /** Guards {@link #owners} and {@link #indexes}; a leaf. */
    private final ReentrantLock poolLock = new ReentrantLock();

    private final @Nullable McInterrupts[] owners = new McInterrupts[SIZE];
    private final int[] indexes = new int[SIZE];

    /**
     * Takes vectors, one for each of an object's interrupts.
     *
     * @return the vectors, by interrupt index
     * @throws VfioException ENOSPC when too few are left; none is taken then
     */
    int[] allocate(McInterrupts owner, int count) {
        poolLock.lock();
        try {
            int[] vectors = new int[count];
            int found = 0;
            for (int vector = 0; vector < SIZE && found < count; vector++) {
                if (owners[vector] == null) {
                    vectors[found++] = vector;
                }
            }
            if (found < count) {
                throw new VfioException(
                        Errno.ENOSPC,
                        "SET_IRQS refused: " + count + " interrupt vectors are needed, the container has " + found
                                + " left of " + SIZE);
            }
            for (int index = 0; index < count; index++) {
                owners[vectors[index]] = owner;
                indexes[vectors[index]] = index;
            }
            return vectors;
        } finally {
            poolLock.unlock();
        }
    }

    /** Gives vectors back. */
    void free(int[] vectors) {
        poolLock.lock();
        try {
            for (int vector : vectors) {
                owners[vector] = null;
            }
        } finally {
            poolLock.unlock();
        }
    }

    /** Vectors nobody has. */
    int available() {
        poolLock.lock();
        try {
            return (int) Arrays.stream(owners).filter(owner -> owner == null).count();
        } finally {
            poolLock.unlock();
        }
    }

    /** A message arrived: it goes to whoever has the vector, or nowhere. */
    void message(long address, int value) {
        if (address != DOORBELL || value < 0 || value >= SIZE) {
            return;
        }
        McInterrupts owner;
        int index;
        poolLock.lock();
        try {
            owner = owners[value];
            index = indexes[value];
        } finally {
            poolLock.unlock();
        }
        if (owner != null) {
            owner.deliver(index);
        }
    }
}
