// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The ports that may translate through one set of tables, each with its {@link Translation}, and the generation of what they
 * may have cached (kernel: the device list of a domain and its IOTLB flush). Thread-safe; {@link #invalidate} takes no
 * lock and does not allocate.
 *
 * <p>When an invalidation needs no process-wide barrier: an access that finds the generation it {@linkplain
 * Translation#seenGeneration() saw before} does so without a fence; one that finds another publishes it and executes a full
 * fence. Say a barrier has run after the generation became {@code b}. An access that found a generation below {@code b}
 * did so before that barrier, so its busy mark is visible since. Later accesses find {@code b} or more: if the port has published less, its next
 * access will publish and fence. Hence, as long as every port has published less than {@code b}, the busy marks are
 * all there is to look at, and an unmap of memory no device touched since the last barrier costs no system call.
 */
final class PortSet {
    private static final VarHandle BARRIER_GENERATION;

    static {
        try {
            BARRIER_GENERATION = MethodHandles.lookup().findVarHandle(PortSet.class, "barrierGeneration", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private static final Translation[] NONE = {};

    private final AccessFence fence;

    /** Guards changes of {@link #attached}. Taken under a group's lock; nothing is called while it is held. */
    private final ReentrantLock membersLock = new ReentrantLock();

    private volatile Translation[] attached = NONE;

    /** Only ever grows. Ports compare it at each access, so what is cached from an older one is never used. */
    private final PaddedLong generation = new PaddedLong();

    /** A barrier has run after the generation was this; only ever grows. */
    private volatile long barrierGeneration;

    PortSet(AccessFence fence) {
        this.fence = fence;
    }

    /** The generation; an access in progress reads it, opaque, after {@link AccessFence#deviceEntered}. */
    PaddedLong generation() {
        return generation;
    }

    /** Adds ports, before they can translate here. */
    void add(List<? extends Translation> joining) {
        membersLock.lock();
        try {
            List<Translation> all = new ArrayList<>(List.of(attached));
            all.addAll(joining);
            attached = all.toArray(NONE);
        } finally {
            membersLock.unlock();
        }
    }

    /** Takes ports out, after they ceased to translate here. */
    void remove(List<IommuPort> leaving) {
        membersLock.lock();
        try {
            List<Translation> all = new ArrayList<>(List.of(attached));
            all.removeIf(translation -> leaving.contains(translation.port()));
            attached = all.toArray(NONE);
        } finally {
            membersLock.unlock();
        }
    }

    /**
     * Makes every cached translation void and waits until no access uses one. The tables have been changed before; once
     * this returned, no port uses what they held.
     */
    void invalidate() {
        long raised = generation.incrementAndGet();
        Translation[] now = attached;
        if (now.length == 0) {
            return;
        }
        fence.translationsChanged(true);
        if (mayBeUnfenced(now)) {
            fence.translationsChanged(false);
            raiseBarrierGeneration(raised);
        }
        for (Translation translation : now) {
            translation.port().awaitAccessEnd();
        }
    }

    /** Whether an access may be running whose busy mark nothing has made visible. */
    private boolean mayBeUnfenced(Translation[] translations) {
        long barrier = barrierGeneration;
        for (Translation translation : translations) {
            if (translation.seenGeneration() >= barrier) {
                return true;
            }
        }
        return false;
    }

    private void raiseBarrierGeneration(long raised) {
        long known = barrierGeneration;
        while (known < raised) {
            long witness = (long) BARRIER_GENERATION.compareAndExchange(this, known, raised);
            if (witness == known) {
                return;
            }
            known = witness;
        }
    }
}
