// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The standard iommufd steps of a device that reaches memory only through pin and copy calls (kernel:
 * {@code vfio_iommufd_emulated_bind} and its siblings): an access object, and no DMA ownership. Called under the set lock.
 * Spec: core DR-8.
 */
final class EmulatedIommufdOps implements IommufdOps {
    private final CoreDevice device;

    /** Written under the set lock, read by pins and copies without it. */
    private volatile @Nullable IommufdAccess access;

    EmulatedIommufdOps(CoreDevice device) {
        this.device = device;
    }

    /** The access object while the device is bound through these steps, else null. */
    @Nullable
    IommufdAccess access() {
        return access;
    }

    @Override
    public int bind(IommufdContext context) {
        var made = context.createAccess(new Client());
        access = made;
        return made.id();
    }

    @Override
    public void unbind() {
        var object = access;
        if (object != null) {
            // Callbacks that run while the access is destroyed still unpin through it.
            object.destroy();
            access = null;
        }
    }

    @Override
    public int attach(int ptId) {
        var object = access;
        if (object == null) {
            throw new VfioException(Errno.EINVAL, "ATTACH refused: " + device + " is not bound to an iommufd");
        }
        return object.attach(ptId);
    }

    @Override
    public void detach() {
        var object = access;
        if (object != null) {
            object.detach();
        }
    }

    private final class Client implements AccessClient {
        @Override
        public boolean needsPinPages() {
            return true;
        }

        @Override
        public void dmaUnmap(long iova, long length) {
            var listener = device.ops().dmaUnmap();
            if (listener != null) {
                listener.dmaUnmap(iova, length);
            }
        }
    }
}
