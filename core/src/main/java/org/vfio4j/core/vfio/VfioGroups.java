// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The groups that have VFIO devices (kernel: {@code vfio.group_list}). Spec: core OM-8, DR-5, UN-6. */
@Singleton
public final class VfioGroups {
    private static final Logger LOG = LoggerFactory.getLogger(VfioGroups.class);
    private static final String PRIVATE_GROUP_NAME = "vfio-noiommu";

    private final Host host;
    private final CoreSettings settings;
    private final int pageSize;

    /** Guards {@link #byNumber}, {@link #listed} and {@link #minors}; the outermost lock. */
    private final ReentrantLock listLock = new ReentrantLock();

    private final Map<Integer, Entry> byNumber = new TreeMap<>();

    /** All groups, once somebody has asked since {@link #byNumber} was changed. Written under the list lock. */
    private volatile @Nullable List<VfioGroup> listed;

    /** Minor numbers in use. */
    private final BitSet minors = new BitSet();

    /** A group and how many registered devices it has. */
    private static final class Entry {
        private final VfioGroup group;
        private int devices;

        private Entry(VfioGroup group) {
            this.group = group;
        }
    }

    @Inject
    VfioGroups(Host host, CoreSettings settings, PhysicalMemory memory) {
        this.host = host;
        this.settings = settings;
        this.pageSize = memory.pageSize();
    }

    /** The group of a physical device that is being registered, with one more device. */
    VfioGroup joinPhysical(CoreDevice device) {
        Optional<IommuGroup> real = device.busDevice().iommuGroup();
        if (real.isPresent()) {
            return joinReal(device, real.get());
        }
        if (!settings.unsafeNoIommuMode()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DR-5",
                    "registration of " + device + " refused: it is not behind an IOMMU "
                            + "(core.enable_unsafe_noiommu_mode would allow that)");
        }
        LOG.warn("{} is used without IOMMU: it can reach all memory", device);
        return joinPrivate(device, GroupKind.NOIOMMU);
    }

    private VfioGroup joinReal(CoreDevice device, IommuGroup real) {
        listLock.lock();
        try {
            var entry = byNumber.computeIfAbsent(real.id(), number -> entry(GroupKind.IOMMU, real));
            if (entry.group.devices().contains(device.busDevice())) {
                throw new VfioException(
                        Errno.EINVAL,
                        "DR-5",
                        "registration of " + device + " refused: it is registered in its group already");
            }
            entry.devices++;
            return entry.group;
        } finally {
            listLock.unlock();
        }
    }

    /** A private group for one device. */
    VfioGroup joinPrivate(CoreDevice device, GroupKind kind) {
        var made = host.createPrivateGroup(PRIVATE_GROUP_NAME, device.busDevice());
        listLock.lock();
        try {
            var entry = entry(kind, made);
            entry.devices = 1;
            byNumber.put(made.id(), entry);
            return entry.group;
        } finally {
            listLock.unlock();
        }
    }

    /** A new entry with the lowest free minor number; the list lock is held. */
    private Entry entry(GroupKind kind, IommuGroup made) {
        int minor = minors.nextClearBit(0);
        minors.set(minor);
        listed = null;
        return new Entry(new VfioGroup(kind, made, minor, pageSize));
    }

    /** A device leaves; with the last one the group is revoked. */
    void leave(VfioGroup group) {
        listLock.lock();
        try {
            var entry = byNumber.get(group.number());
            if (entry == null || entry.group != group) {
                throw new IllegalStateException(group + " is revoked already");
            }
            if (--entry.devices != 0) {
                return;
            }
            byNumber.remove(group.number());
            listed = null;
            minors.clear(group.minor());
            group.revoke();
        } finally {
            listLock.unlock();
        }
        if (group.kind() != GroupKind.IOMMU) {
            host.destroyPrivateGroup(group.iommuGroup());
        }
    }

    /** The group with a number. */
    public Optional<VfioGroup> find(int number) {
        listLock.lock();
        try {
            return Optional.ofNullable(byNumber.get(number)).map(entry -> entry.group);
        } finally {
            listLock.unlock();
        }
    }

    /** All groups, by ascending number: the same list until one comes or goes. */
    public List<VfioGroup> groups() {
        var known = listed;
        if (known != null) {
            return known;
        }
        listLock.lock();
        try {
            var all = byNumber.values().stream().map(entry -> entry.group).toList();
            listed = all;
            return all;
        } finally {
            listLock.unlock();
        }
    }
}
