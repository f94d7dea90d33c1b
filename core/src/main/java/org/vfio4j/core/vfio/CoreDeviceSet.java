// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The core's device set. Members stay until they are destroyed, not merely unregistered (UN-7). */
public final class CoreDeviceSet implements DeviceSet {
    private final Object key;

    /** The set lock: held around first open, last close, bind, attach and whole-set resets. Taken after a group's lock. */
    private final ReentrantLock lock = new ReentrantLock();

    /** In joining order; guarded by {@link #lock}. */
    private final List<VfioDevice> members = new ArrayList<>();

    /** Members counted by {@link DeviceSets}, under its lock, so that a set found by key is never a dead one (P-16). */
    int references;

    CoreDeviceSet(Object key) {
        this.key = key;
    }

    @Override
    public Object key() {
        return key;
    }

    @Override
    public ReentrantLock lock() {
        return lock;
    }

    @Override
    public List<VfioDevice> members() {
        requireLocked();
        return List.copyOf(members);
    }

    @Override
    public int openCount() {
        requireLocked();
        return members.stream().mapToInt(VfioDevice::openCount).sum();
    }

    @Override
    public void operate(SetOperation operation) {
        lock.lock();
        try {
            var all = members();
            operation.check(all);
            perform(operation, all);
        } finally {
            lock.unlock();
        }
    }

    /** Memory locks come after the set lock and are never waited for, since their holders may want it (OM-7). */
    private static void perform(SetOperation operation, List<VfioDevice> all) {
        Deque<Lock> held = new ArrayDeque<>();
        try {
            for (var member : all) {
                var memoryLock = operation.memoryLock(member);
                if (!memoryLock.tryLock()) {
                    throw new VfioException(
                            Errno.EBUSY,
                            "OM-7",
                            "operation on a device set refused: the memory of "
                                    + member.busDevice().name() + " is in use");
                }
                held.push(memoryLock);
            }
            operation.perform(all);
        } finally {
            held.forEach(Lock::unlock);
        }
    }

    void join(VfioDevice device) {
        lock.lock();
        try {
            members.add(device);
        } finally {
            lock.unlock();
        }
    }

    void leave(VfioDevice device) {
        lock.lock();
        try {
            members.remove(device);
        } finally {
            lock.unlock();
        }
    }

    private void requireLocked() {
        if (!lock.isHeldByCurrentThread()) {
            throw new IllegalStateException("the set's lock is not held");
        }
    }
}
