// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;
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
}
