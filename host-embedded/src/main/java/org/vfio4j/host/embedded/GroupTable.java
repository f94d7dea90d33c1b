// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.iommu.PrivateGroup;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;

/** The machine's isolation groups by number. A new one gets the lowest number that is free. Thread-safe. */
final class GroupTable {
    /** Guards {@link #groups}; before the groups' own locks only. */
    private final ReentrantLock numbersLock = new ReentrantLock();

    private final TreeMap<Integer, IommuGroup> groups = new TreeMap<>();

    /** Makes a group with a number that was chosen; nobody has it yet. */
    EmbeddedGroup create(IommuUnit unit, int number) {
        numbersLock.lock();
        try {
            var group = unit.newGroup(number);
            groups.put(number, group);
            return group;
        } finally {
            numbersLock.unlock();
        }
    }

    /** Makes a group. */
    EmbeddedGroup create(IommuUnit unit) {
        numbersLock.lock();
        try {
            return create(unit, lowestFree());
        } finally {
            numbersLock.unlock();
        }
    }

    /** Gives the number of a group back that nobody is in any more. */
    void destroy(EmbeddedGroup group) {
        numbersLock.lock();
        try {
            if (!group.devices().isEmpty() || !groups.remove(group.id(), group)) {
                throw new IllegalArgumentException("group " + group.id() + " has members, or is none of this machine");
            }
        } finally {
            numbersLock.unlock();
        }
    }

    IommuGroup createPrivate(String name, BusDevice device) {
        numbersLock.lock();
        try {
            var group = new PrivateGroup(lowestFree(), name, device);
            groups.put(group.id(), group);
            return group;
        } finally {
            numbersLock.unlock();
        }
    }

    void destroyPrivate(IommuGroup group) {
        numbersLock.lock();
        try {
            if (!(group instanceof PrivateGroup) || !groups.remove(group.id(), group)) {
                throw new IllegalArgumentException("group " + group.id() + " is no private group of this machine");
            }
        } finally {
            numbersLock.unlock();
        }
    }

    List<IommuGroup> all() {
        numbersLock.lock();
        try {
            return List.copyOf(groups.values());
        } finally {
            numbersLock.unlock();
        }
    }

    private int lowestFree() {
        int number = 0;
        for (int used : groups.keySet()) {
            if (used != number) {
                break;
            }
            number++;
        }
        return number;
    }
}
