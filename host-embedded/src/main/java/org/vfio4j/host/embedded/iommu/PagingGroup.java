// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A group behind a {@link PagingUnit}. */
final class PagingGroup extends EmbeddedGroup {
    private final PagingUnit unit;

    /** What all members translate through; null when they are blocked. Guarded by the group's lock. */
    private @Nullable Attachment attachment;

    /**
     * An attachment.
     *
     * @param domain the domain
     * @param enforces what the group told the domain when it was admitted
     */
    private record Attachment(PagingDomain domain, boolean enforces) {}

    PagingGroup(int id, PagingUnit unit) {
        super(id, unit.config().isolatedMsi(), unit.faults(), unit.fence());
        this.unit = unit;
    }

    @Override
    public IommuDomain allocateDomain(boolean dirtyTracking) {
        if (dirtyTracking && !recordsWrites()) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "group " + id() + " cannot have a domain with dirty tracking: " + unit.name()
                            + " does not record the writes of all its devices");
        }
        return new PagingDomain(unit, dirtyTracking, enforcesCoherency());
    }

    @Override
    public void attach(IommuDomain domain) {
        PagingDomain fitting = fitting(domain);
        boolean enforces = enforcesCoherency();
        locked(() -> {
            checkUnattached();
            List<PagingTranslation> joining = translations(ports(), fitting);
            fitting.admit(joining, enforces);
            attachment = new Attachment(fitting, enforces);
            switchTo(joining);
        });
    }

    @Override
    public void replace(IommuDomain domain) {
        PagingDomain fitting = fitting(domain);
        boolean enforces = enforcesCoherency();
        locked(() -> {
            Attachment old = attachment;
            if (old == null) {
                throw new VfioException(
                        Errno.EINVAL, "group " + id() + " is attached to nothing that could be replaced");
            }
            if (old.domain == fitting) {
                return;
            }
            List<IommuPort> ports = ports();
            List<PagingTranslation> joining = translations(ports, fitting);
            fitting.admit(joining, enforces);
            attachment = new Attachment(fitting, enforces);
            switchTo(joining);
            old.domain.dismiss(ports, old.enforces);
        });
    }

    @Override
    public void detach() {
        locked(this::returnToDefault);
    }

    @Override
    public Optional<IommuDomain> attachedDomain() {
        return locked(() -> Optional.ofNullable(attachment).map(Attachment::domain));
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.empty();
    }

    @Override
    void checkUnattached() {
        if (attachment != null) {
            throw new VfioException(Errno.EBUSY, "group " + id() + " is attached to another domain");
        }
    }

    @Override
    void returnToDefault() {
        Attachment old = attachment;
        if (old != null) {
            List<IommuPort> ports = ports();
            block(ports);
            attachment = null;
            old.domain.dismiss(ports, old.enforces);
        }
    }

    @Override
    void connect(List<IommuPort> ports) {
        Attachment now = attachment;
        if (now != null) {
            List<PagingTranslation> joining = translations(ports, now.domain);
            now.domain.ports().add(joining);
            switchTo(joining);
        }
    }

    @Override
    void disconnect(List<IommuPort> ports) {
        block(ports);
        Attachment now = attachment;
        if (now != null) {
            now.domain.ports().remove(ports);
        }
    }

    private List<PagingTranslation> translations(List<IommuPort> ports, PagingDomain domain) {
        return ports.stream()
                .map(port -> new PagingTranslation(port, domain, unit.physical()))
                .toList();
    }

    private PagingDomain fitting(IommuDomain domain) {
        if (!(domain instanceof PagingDomain paging) || paging.unit() != unit) {
            throw new VfioException(
                    Errno.EINVAL, "the domain belongs to other hardware than group " + id() + " behind " + unit.name());
        }
        if (paging.recordsWrites() && !recordsWrites()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "the domain tracks dirty pages, which " + unit.name() + " does not for all devices of group "
                            + id());
        }
        return paging;
    }

    private boolean recordsWrites() {
        return unit.capabilities().contains(IommuCapability.DIRTY_TRACKING)
                && allCapable(IommuCapability.DIRTY_TRACKING);
    }

    private boolean enforcesCoherency() {
        return unit.capabilities().contains(IommuCapability.ENFORCE_CACHE_COHERENCY)
                && allCapable(IommuCapability.ENFORCE_CACHE_COHERENCY);
    }
}
