// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The ports that may translate through one set of tables, with the generation of what they may have cached (kernel: the
 * device list of a domain and its IOTLB flush). Thread-safe; {@link #invalidate} takes no lock and does not allocate.
 */
final class PortSet {
    private static final VarHandle GENERATION;

    static {
        try {
            GENERATION = MethodHandles.lookup().findVarHandle(PortSet.class, "generation", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private static final IommuPort[] NONE = {};

    /** Guards changes of {@link #ports}. Taken under a group's lock; nothing is called while it is held. */
    private final ReentrantLock membersLock = new ReentrantLock();

    private volatile IommuPort[] ports = NONE;

    /** Only ever grows. Ports compare it at each access, so what is cached from an older one is never used. */
    @SuppressWarnings("unused") // through GENERATION
    private volatile long generation;

    /** The generation now; an access in progress reads it after {@link AccessFence#deviceEntered}. */
    long generation() {
        return (long) GENERATION.getOpaque(this);
    }

    /** Adds ports, before they can translate here. */
    void add(List<IommuPort> added) {
        membersLock.lock();
        try {
            List<IommuPort> all = new ArrayList<>(List.of(ports));
            all.addAll(added);
            ports = all.toArray(NONE);
        } finally {
            membersLock.unlock();
        }
    }

    /** Takes ports out, after they ceased to translate here. */
    void remove(List<IommuPort> removed) {
        membersLock.lock();
        try {
            List<IommuPort> all = new ArrayList<>(List.of(ports));
            all.removeAll(removed);
            ports = all.toArray(NONE);
        } finally {
            membersLock.unlock();
        }
    }

    boolean isEmpty() {
        return ports.length == 0;
    }

    /**
     * Makes every cached translation void and waits until no access uses one. The tables have been changed before; once
     * this returned, no port uses what they held.
     */
    void invalidate() {
        GENERATION.getAndAdd(this, 1L);
        AccessFence.translationsChanged();
        for (IommuPort port : ports) {
            port.awaitAccessEnd();
        }
    }
}
