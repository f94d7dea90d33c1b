// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A group behind a {@link TceUnit}: a partitionable endpoint. Its members translate through whatever windows are set; with
 * none they are blocked.
 */
final class TceGroup extends EmbeddedGroup {
    private final TceUnit unit;
    private final TceWindows windows;

    TceGroup(int id, TceUnit unit) {
        super(id, unit.config().isolatedMsi(), unit.faults(), unit.fence());
        this.unit = unit;
        this.windows = new TceWindows(this, unit.config(), unit.fence());
    }

    @Override
    public IommuDomain allocateDomain(boolean dirtyTracking) {
        throw new VfioException(
                Errno.EOPNOTSUPP,
                "group " + id() + " cannot have a paging domain: " + unit.name() + " translates with TCE tables");
    }

    @Override
    public void attach(IommuDomain domain) {
        throw noDomainFits();
    }

    @Override
    public void replace(IommuDomain domain) {
        throw noDomainFits();
    }

    @Override
    public void detach() {}

    @Override
    public Optional<IommuDomain> attachedDomain() {
        return Optional.empty();
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.of(windows);
    }

    @Override
    void checkUnattached() {}

    @Override
    void returnToDefault() {
        for (int slot = 0; slot < TceTableGroup.SLOTS; slot++) {
            windows.clear(slot);
        }
    }

    @Override
    void connect(List<IommuPort> ports) {
        List<TceTranslation> joining = ports.stream()
                .map(port -> new TceTranslation(port, windows, unit.physical()))
                .toList();
        windows.ports().add(joining);
        switchTo(joining);
    }

    @Override
    void disconnect(List<IommuPort> ports) {
        block(ports);
        windows.ports().remove(ports);
    }

    private VfioException noDomainFits() {
        return new VfioException(
                Errno.EINVAL,
                "group " + id() + " cannot use a paging domain: " + unit.name() + " translates with TCE tables");
    }
}
