// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.IdentityHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** Finds device sets by the identity of their key. Spec: core OM-3 to OM-6, P-16. */
@Singleton
final class DeviceSets {
    /** Guards {@link #byKey} and every set's reference count; a leaf, never held together with a set's lock. */
    private final ReentrantLock lock = new ReentrantLock();

    private final IdentityHashMap<Object, CoreDeviceSet> byKey = new IdentityHashMap<>();

    @Inject
    DeviceSets() {}

    /** The set of a key, made when there is none, with one more member. */
    CoreDeviceSet join(Object key, CoreDevice device) {
        CoreDeviceSet set;
        lock.lock();
        try {
            set = byKey.computeIfAbsent(key, CoreDeviceSet::new);
            set.references++;
        } finally {
            lock.unlock();
        }
        set.join(device);
        return set;
    }

    /** A member is destroyed; with the last one the set goes. */
    void leave(CoreDeviceSet set, CoreDevice device) {
        set.leave(device);
        lock.lock();
        try {
            if (--set.references == 0) {
                byKey.remove(set.key());
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many sets exist. */
    int size() {
        lock.lock();
        try {
            return byKey.size();
        } finally {
            lock.unlock();
        }
    }
}
