// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.uapi.VfioException;

/**
 * An isolation group behind a unit of the software IOMMU: members, their ports to memory, who owns their DMA, and (by kind
 * of unit) what they translate through. Thread-safe.
 *
 * <p>The machine has no native DMA: a native driver is an owner and nothing more. So the default domain, too, lets nothing
 * through: accesses of a group that is attached to nothing are refused as blocked, whoever owns it.
 */
public abstract sealed class EmbeddedGroup implements IommuGroup permits PagingGroup, TceGroup {
    private final int id;
    private final boolean isolatedMsi;
    private final FaultLog faults;
    private final AccessFence fence;

    /**
     * Guards members, ports, ownership, and what the group is attached to, which therefore change one at a time. Taken
     * before the locks of domains and port sets; devices are never asked anything while it is held.
     */
    private final ReentrantLock groupLock = new ReentrantLock();

    private final Map<BusDevice, List<IommuPort>> members = new LinkedHashMap<>();
    private final DmaOwnership ownership;

    EmbeddedGroup(int id, boolean isolatedMsi, FaultLog faults, AccessFence fence) {
        this.id = id;
        this.isolatedMsi = isolatedMsi;
        this.faults = faults;
        this.fence = fence;
        this.ownership = new DmaOwnership(id);
    }

    /**
     * Adds a member.
     *
     * @param member not in a group yet
     */
    public final void join(BusDevice member) {
        locked(() -> {
            if (members.putIfAbsent(member, new ArrayList<>()) != null) {
                throw new IllegalArgumentException(member.name() + " is in group " + id + " already");
            }
        });
    }

    /** Takes a member out; its ports reach nothing any more when this returns. */
    public final void leave(BusDevice member) {
        locked(() -> {
            List<IommuPort> ports = portsOf(member);
            disconnect(ports);
            members.remove(member);
            ownership.forget(member);
        });
    }

    /**
     * Makes a way to memory for a member; it translates what the group is attached to, now and later.
     *
     * @param busMaster whether the device may master the bus; asked at each access, must be cheap
     */
    public final DmaPort port(BusDevice member, BooleanSupplier busMaster) {
        return locked(() -> {
            List<IommuPort> ports = portsOf(member);
            var port = new IommuPort(member.name(), busMaster, faults, fence);
            ports.add(port);
            connect(List.of(port));
            return port;
        });
    }

    /**
     * A native driver starts to use DMA of a member (kernel: {@code iommu_device_use_default_domain}).
     *
     * @throws VfioException EBUSY when VFIO owns the group's DMA or a native driver owns the member already
     */
    public final void useDmaApi(BusDevice member, String driver) {
        locked(() -> {
            portsOf(member);
            ownership.useDmaApi(member, driver);
        });
    }

    /**
     * It ends (kernel: {@code iommu_device_unuse_default_domain}).
     *
     * @throws VfioException ENODEV when no native driver owns the member
     */
    public final void releaseDmaApi(BusDevice member) {
        locked(() -> ownership.releaseDmaApi(member));
    }

    @Override
    public final int id() {
        return id;
    }

    @Override
    public final String name() {
        return "";
    }

    @Override
    public final List<BusDevice> devices() {
        return locked(() -> List.copyOf(members.keySet()));
    }

    @Override
    public final boolean hasIommu() {
        return true;
    }

    @Override
    public final void claimDmaOwner(Object owner, boolean shared) {
        locked(() -> {
            if (ownership.isUnowned()) {
                checkUnattached();
            }
            ownership.claim(owner, shared);
        });
    }

    @Override
    public final void releaseDmaOwner(Object owner) {
        locked(() -> {
            if (ownership.release(owner)) {
                returnToDefault();
            }
        });
    }

    @Override
    public final boolean dmaUnowned() {
        return locked(ownership::isUnowned);
    }

    @Override
    public final Optional<String> dmaOwnerDescription() {
        return locked(ownership::description);
    }

    @Override
    public final boolean isolatedMsi() {
        return isolatedMsi;
    }

    @Override
    public final List<ReservedRegion> reservedRegions() {
        return ReservedRegions.union(devices());
    }

    /** Whether the IOMMU can do something for each of the members. */
    final boolean allCapable(IommuCapability capability) {
        return devices().stream().allMatch(member -> member.capable(capability));
    }

    /** Refuses with EBUSY when the group is attached to something. Called under the group's lock. */
    abstract void checkUnattached();

    /** Ends every attachment: VFIO gave the group back. Called under the group's lock. */
    abstract void returnToDefault();

    /** Lets ports translate what the group is attached to. Called under the group's lock. */
    abstract void connect(List<IommuPort> ports);

    /** Blocks ports; none is in an access when it returns. Called under the group's lock. */
    abstract void disconnect(List<IommuPort> ports);

    /** The ports of all members. Called under the group's lock. */
    final List<IommuPort> ports() {
        return members.values().stream().flatMap(List::stream).toList();
    }

    final <T> T locked(Supplier<T> action) {
        groupLock.lock();
        try {
            return action.get();
        } finally {
            groupLock.unlock();
        }
    }

    final void locked(Runnable action) {
        groupLock.lock();
        try {
            action.run();
        } finally {
            groupLock.unlock();
        }
    }

    /** Lets ports translate so from now on; no access that started before is still running when it returns. */
    final void switchTo(List<? extends Translation> translations) {
        for (Translation translation : translations) {
            translation.port().translateWith(translation);
        }
        awaitAccessEnd(translations.stream().map(Translation::port).toList());
    }

    /** Lets ports reach nothing from now on; no access that started before is still running when it returns. */
    final void block(List<IommuPort> ports) {
        for (IommuPort port : ports) {
            port.translateWith(null);
        }
        awaitAccessEnd(ports);
    }

    private void awaitAccessEnd(List<IommuPort> ports) {
        if (!ports.isEmpty()) {
            fence.translationsChanged(false);
            ports.forEach(IommuPort::awaitAccessEnd);
        }
    }

    private List<IommuPort> portsOf(BusDevice member) {
        List<IommuPort> ports = members.get(member);
        if (ports == null) {
            throw new IllegalArgumentException(member.name() + " is not in group " + id);
        }
        return ports;
    }
}
