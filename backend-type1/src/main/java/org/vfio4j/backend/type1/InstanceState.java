// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuGroup;

/**
 * What one SET_IOMMU made (kernel: {@code struct vfio_iommu}). Spec: type1 §3.
 *
 * <p>Every field but {@link #version2} and {@link #devices} is guarded by {@link #lock}. Place of the lock in the order:
 * after the core's group, container and device-set locks, before everything of the host (domains, groups), the address
 * spaces and the memory table. It is not held while devices are told about an unmap, nor while a caller's run sink is
 * called.
 */
final class InstanceState {
    /** Guards the whole instance, for the whole of each operation (kernel: {@code vfio_iommu.lock}). */
    final ReentrantLock lock = new ReentrantLock();

    final boolean version2;
    final DeviceList devices = new DeviceList();
    final DmaEntryTree entries = new DmaEntryTree();
    final DomainList domains;
    /** Groups without hardware behind them; oldest first. */
    final List<AttachedGroup> emulated = new ArrayList<>();

    IovaRanges ranges = IovaRanges.EMPTY;
    /** How many entries may still be made; 32 unsigned bits. */
    long mappingsAvailable;
    /** Entries whose owner's address is being replaced. */
    int invalidVaddrs;
    /** Attached groups that have not pinned yet: while there are any, everything mapped counts as dirty. */
    int nonPinnedScopes;
    /** Whether dirty tracking is on: then every entry has a bitmap. */
    boolean tracking;

    InstanceState(boolean version2, long mappingLimit, int basePageSize) {
        this.version2 = version2;
        this.mappingsAvailable = mappingLimit;
        this.domains = new DomainList(basePageSize);
    }

    /** The attachment of a group, real or emulated. */
    @Nullable
    AttachedGroup find(IommuGroup group) {
        for (AttachedGroup attached : emulated) {
            if (attached.group().equals(group)) {
                return attached;
            }
        }
        AttachedDomain domain = domains.holding(group);
        return domain == null ? null : domain.find(group);
    }
}
