// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.IdentityHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;

/**
 * An iommufd context (kernel: {@code struct iommufd_ctx}): the objects, the groups it owns, and the IOAS that stands in for
 * a container. Reference counted: its file, every bound device and every access hold it. Spec: iommufd §2, §7.1, §8.
 */
final class Context implements IommufdContext {
    /** MAP and GET_INFO report this many mappings as available: there is no limit of the backend's own. */
    private static final long MAPPINGS_AVAILABLE = 0xffff_ffffL;

    static final String ALLOW_UNSAFE_INTERRUPTS = "allow_unsafe_interrupts";
    private static final Logger LOG = LoggerFactory.getLogger(Context.class);

    private final BackendEnvironment environment;
    private final InternalErrors errors = new InternalErrors();
    private final ObjectTable objects = new ObjectTable(errors);
    private final CompatMode compat = new CompatMode(this, objects);
    private final AtomicInteger references = new AtomicInteger(1);

    /** Guards {@link #groups} and {@link GroupAttachment#bound}. Taken under no other lock, before the host's group lock. */
    private final ReentrantLock groupsLock = new ReentrantLock();

    /** Groups with bound devices. */
    private final IdentityHashMap<IommuGroup, GroupAttachment> groups = new IdentityHashMap<>();

    /**
     * Shared while an IOAS gets its id, exclusive while all of them change hands. Taken under no other lock, before the IOVA locks of
     * the engines.
     */
    private final ReentrantReadWriteLock creationLock = new ReentrantReadWriteLock();

    Context(BackendEnvironment environment) {
        this.environment = environment;
    }

    BackendEnvironment environment() {
        return environment;
    }

    ReentrantReadWriteLock creationLock() {
        return creationLock;
    }

    ObjectTable objects() {
        return objects;
    }

    CompatMode compat() {
        return compat;
    }

    InternalErrors errors() {
        return errors;
    }

    int pageSize() {
        return environment.memory().pageSize();
    }

    /** How a mapping made now by this caller is charged. */
    Accounting accountingFor(Caller caller) {
        return Accounting.of(caller, objects.accountingMode(), environment);
    }

    @Override
    public void retain() {
        int held;
        do {
            held = references.get();
            if (held <= 0) { // its file was closed by another thread between look-up and use
                throw new VfioException(Errno.EBADF, "the iommufd has been closed");
            }
        } while (!references.compareAndSet(held, held + 1));
    }

    @Override
    public void release() {
        if (references.decrementAndGet() == 0) {
            objects.destroyAll();
        }
    }

    @Override
    public IommufdDevice bind(BusDevice device) {
        if (!device.capable(IommuCapability.CACHE_COHERENCY)) {
            throw new VfioException(
                    Errno.EINVAL, "BIND refused: no IOMMU keeps DMA of device " + device.name() + " coherent");
        }
        IommuGroup group = device.iommuGroup()
                .orElseThrow(() -> new VfioException(
                        Errno.ENODEV, "BIND refused: device " + device.name() + " is in no isolation group"));
        if (!group.isolatedMsi()) {
            if (!unsafeInterruptsAllowed()) {
                throw new VfioException(
                        Errno.EPERM,
                        "BIND refused: interrupts of group " + group.id() + " are not isolated and option "
                                + ALLOW_UNSAFE_INTERRUPTS + " is not set");
            }
            LOG.warn("interrupts of group {} are not isolated; {} is set", group.id(), ALLOW_UNSAFE_INTERRUPTS);
        }
        retain();
        try {
            GroupAttachment attachment = claim(group);
            try {
                var bound = new BoundDevice(this, device, attachment);
                publishDriverOwned(bound);
                return bound;
            } catch (RuntimeException refused) {
                unbound(attachment);
                throw refused;
            }
        } catch (RuntimeException refused) {
            release();
            throw refused;
        }
    }

    @Override
    public IommufdAccess createAccess(AccessClient client) {
        retain();
        try {
            var access = new Access(this, client);
            publishDriverOwned(access);
            return access;
        } catch (RuntimeException refused) {
            release();
            throw refused;
        }
    }

    @Override
    public boolean hasGroup(IommuGroup group) {
        groupsLock.lock();
        try {
            return groups.containsKey(group);
        } finally {
            groupsLock.unlock();
        }
    }

    /** A device was unbound: gives its claim of the group back. */
    void unbound(GroupAttachment attachment) {
        groupsLock.lock();
        try {
            if (--attachment.bound == 0) {
                groups.remove(attachment.group());
            }
            attachment.group().releaseDmaOwner(this);
        } finally {
            groupsLock.unlock();
        }
    }

    /** Drops what attachments held on a table; an automatic one goes with the last. Hold no lock. */
    void leave(GroupAttachment.Left left) {
        HwPageTable table = left.table();
        if (table == null) {
            return;
        }
        boolean automatic = table.automatic();
        table.dropUsers(left.users());
        if (automatic) {
            objects.destroyIfUnused(table);
        }
    }

    @Override
    public int compatIoas() {
        return compat.ioasId();
    }

    @Override
    public void ensureCompatIoas() {
        compat.ensureIoas();
    }

    @Override
    public boolean hasCompatIoas() {
        return compat.hasIoas();
    }

    @Override
    public void setNoIommuMode() {
        compat.setNoIommuMode();
    }

    @Override
    public boolean noIommuMode() {
        return compat.noIommuMode();
    }

    @Override
    public boolean compatEnforcesCoherency() {
        return compat.enforcesCoherency();
    }

    @Override
    public int allocateIoas() {
        var ioas = new Ioas(this);
        creationLock.readLock().lock();
        try {
            objects.reserve(ioas);
            objects.publish(ioas);
        } finally {
            creationLock.readLock().unlock();
        }
        return ioas.id();
    }

    @Override
    public long map(Caller caller, int ioasId, int flags, long vaddr, long length, long iova) {
        Ioas.checkMapRequest(flags, iova, length);
        Ioas ioas = objects.get(ioasId, Ioas.class);
        try {
            boolean fixed = (flags & IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA) != 0;
            return ioas.map(caller, Ioas.protection(flags), fixed, vaddr, length, iova);
        } finally {
            ioas.put();
        }
    }

    @Override
    public long unmap(int ioasId, long iova, long length) {
        Ioas ioas = objects.get(ioasId, Ioas.class);
        try {
            return ioas.unmap(iova, length);
        } finally {
            ioas.put();
        }
    }

    @Override
    public DmaLimits limits(int ioasId) {
        Ioas ioas = objects.get(ioasId, Ioas.class);
        try {
            IoPageTable engine = ioas.engine();
            return new DmaLimits(engine.pageSizes(), engine.usable().ranges(), MAPPINGS_AVAILABLE);
        } finally {
            ioas.put();
        }
    }

    @Override
    public void destroy(int id) {
        objects.destroy(id);
    }

    private boolean unsafeInterruptsAllowed() {
        return environment.option(ALLOW_UNSAFE_INTERRUPTS).filter("Y"::equals).isPresent();
    }

    /** Takes one claim of the group's DMA for this context. */
    private GroupAttachment claim(IommuGroup group) {
        groupsLock.lock();
        try {
            group.claimDmaOwner(this, true);
            if (group.reservedRegions().stream().anyMatch(region -> region.type() == ReservedRegion.Type.DIRECT)) {
                group.releaseDmaOwner(this);
                throw new VfioException(
                        Errno.EINVAL,
                        "BIND refused: firmware wants group " + group.id()
                                + " mapped one to one, it cannot be blocked");
            }
            GroupAttachment attachment = groups.computeIfAbsent(group, GroupAttachment::new);
            attachment.bound++;
            return attachment;
        } finally {
            groupsLock.unlock();
        }
    }

    /** Lists an object that users can see but not destroy. */
    private void publishDriverOwned(IommufdObject object) {
        objects.reserve(object);
        object.addUser();
        objects.publish(object);
    }
}
