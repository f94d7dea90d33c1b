// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The standard iommufd steps of a device that does its own DMA (kernel: {@code vfio_iommufd_physical_bind} and its siblings).
 * Binding claims the DMA of the device's group for the context. Called under the set lock. Spec: core DR-8.
 */
final class PhysicalIommufdOps implements IommufdOps {
    private final CoreDevice device;
    private @Nullable IommufdDevice bound;

    PhysicalIommufdOps(CoreDevice device) {
        this.device = device;
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
            object.unbind();
        }
    }

    @Override
    public int attach(int ptId) {
        var object = bound;
        if (object == null) {
            throw new VfioException(Errno.EINVAL, "ATTACH refused: " + device + " is not bound to an iommufd");
        }
        return object.attach(ptId);
    }

    @Override
    public void detach() {
        var object = bound;
        if (object != null) {
            object.detach();
        }
    }
}
