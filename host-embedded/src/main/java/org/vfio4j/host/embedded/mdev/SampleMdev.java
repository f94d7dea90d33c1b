// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A mediated device on the bus: no IOMMU is in front of it, and no native driver can have it. Equal to itself only, as
 * every bus device.
 */
final class SampleMdev implements MdevDevice {
    private final UUID uuid;
    private final MdevParent parent;
    private final MdevType type;
    private final MdevModel model;

    SampleMdev(UUID uuid, MdevParent parent, MdevType type, MdevModel model) {
        this.uuid = uuid;
        this.parent = parent;
        this.type = type;
        this.model = model;
    }

    @Override
    public UUID uuid() {
        return uuid;
    }

    @Override
    public MdevParent parent() {
        return parent;
    }

    @Override
    public MdevType type() {
        return type;
    }

    @Override
    public MdevModel model() {
        return model;
    }

    @Override
    public String name() {
        return uuid.toString();
    }

    @Override
    public String busName() {
        return "mdev";
    }

    @Override
    public String description() {
        return type.prettyName() + " of " + parent.name();
    }

    @Override
    public String sysfsPath() {
        return "/devices/virtual/" + parent.driverString() + "/" + parent.name() + "/" + uuid;
    }

    /** The sample driver's attribute group; see mdev §9, §10. */
    @Override
    public Map<String, DeviceAttribute> attributes() {
        return model instanceof SampleModel sample ? sample.attributes(uuid) : Map.of();
    }

    @Override
    public Optional<IommuGroup> iommuGroup() {
        return Optional.empty();
    }

    @Override
    public boolean capable(IommuCapability capability) {
        return false;
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return List.of();
    }

    @Override
    public Optional<String> initialDriver() {
        return Optional.empty();
    }

    @Override
    public Optional<String> nativeDriver() {
        return Optional.empty();
    }

    @Override
    public void bindNative(String driver) {
        throw new VfioException(Errno.ENODEV, "bind refused: no native driver takes mediated devices like " + uuid);
    }

    @Override
    public void unbindNative() {
        throw new VfioException(Errno.ENODEV, "unbind refused: no native driver has " + uuid);
    }
}
