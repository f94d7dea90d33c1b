// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The standard iommufd steps of a device that does its own DMA (kernel: {@code vfio_iommufd_physical_bind} and its siblings).
 * Binding claims the DMA of the device's group for the context. Called under the set lock. Spec: core DR-8, CD-13.
 */
final class PhysicalIommufdOps implements IommufdOps {
    private final CoreDevice device;
    private @Nullable IommufdDevice bound;

    /** Process address spaces that are attached (kernel: {@code vfio_device.pasids}). */
    private final Set<Integer> attachedPasids = new TreeSet<>();

    private final IommufdOps withPasids = new WithPasids();

    PhysicalIommufdOps(CoreDevice device) {
        this.device = device;
    }

    /** These steps for drivers that offer PASIDs too. */
    IommufdOps withPasids() {
        return withPasids;
    }

    /** Id of the object the device is in a context; 0 when it is bound to another one or to none. */
    int idIn(IommufdContext context) {
        var object = bound;
        return object != null && object.context().equals(context) ? object.id() : 0;
    }

    @Override
    public int bind(IommufdContext context) {
        var made = context.bind(device.busDevice());
        bound = made;
        return made.id();
    }

    @Override
    public void unbind() {
        var object = bound;
        bound = null;
        if (object != null) {
            attachedPasids.forEach(object::detachPasid);
            attachedPasids.clear();
            object.unbind();
        }
    }

    @Override
    public int attach(int ptId) {
        return requireBound().attach(ptId);
    }

    private IommufdDevice requireBound() {
        var object = bound;
        if (object == null) {
            throw new VfioException(Errno.EINVAL, "DR-8", "ATTACH refused: " + device + " is not bound to an iommufd");
        }
        return object;
    }

    @Override
    public void detach() {
        var object = bound;
        if (object != null) {
            object.detach();
        }
    }

    private int attachPasid(int pasid, int ptId) {
        var object = requireBound();
        if (pasid < 0) {
            throw new VfioException(
                    Errno.ENOSPC,
                    "CD-13",
                    "ATTACH refused: PASID " + Integer.toUnsignedString(pasid) + " cannot be remembered");
        }
        int used = object.attachPasid(pasid, ptId);
        attachedPasids.add(pasid);
        return used;
    }

    private void detachPasid(int pasid) {
        var object = bound;
        if (object != null && attachedPasids.remove(pasid)) {
            object.detachPasid(pasid);
        }
    }

    /** The same steps and those of process address spaces. */
    private final class WithPasids implements IommufdOps, IommufdOps.PasidOps {
        @Override
        public int bind(IommufdContext context) {
            return PhysicalIommufdOps.this.bind(context);
        }

        @Override
        public void unbind() {
            PhysicalIommufdOps.this.unbind();
        }

        @Override
        public int attach(int ptId) {
            return PhysicalIommufdOps.this.attach(ptId);
        }

        @Override
        public void detach() {
            PhysicalIommufdOps.this.detach();
        }

        @Override
        public PasidOps pasids() {
            return this;
        }

        @Override
        public int attach(int pasid, int ptId) {
            return attachPasid(pasid, ptId);
        }

        @Override
        public void detach(int pasid) {
            detachPasid(pasid);
        }
    }
}
