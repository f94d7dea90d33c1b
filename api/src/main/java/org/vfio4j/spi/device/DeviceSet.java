// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** Devices that share one open, close and reset lock (kernel: {@code struct vfio_device_set}). Spec: core OM-3 to OM-7. */
public interface DeviceSet {
    /** The key, compared by identity. */
    Object key();

    /** Held around every first open, last close, bind, attach and whole-set reset of a member. */
    ReentrantLock lock();

    /** Members in the order they joined; the lock is held. */
    List<VfioDevice> members();

    /** Sum of the members' open counts; the lock is held. */
    int openCount();

    /**
     * Performs an operation on the whole set, such as a hot reset (core OM-7): no member is opened, closed, bound or attached
     * from its check to its end.
     *
     * @throws org.vfio4j.uapi.VfioException what the check throws, or EBUSY when some member's memory is in use
     */
    void operate(SetOperation operation);

    /** An operation on a whole set; its steps come in this order, in one thread. */
    interface SetOperation {
        /**
         * Looks whether it may be performed.
         *
         * @param members in the order they joined
         * @throws org.vfio4j.uapi.VfioException when not
         */
        void check(List<VfioDevice> members);

        /**
         * What guards a member's memory. The locks are taken in the members' order, none by waiting; if one cannot be had,
         * those taken are given back in reverse order.
         */
        Lock memoryLock(VfioDevice member);

        /** Does it, with all locks held. */
        void perform(List<VfioDevice> members);
    }
}
