// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;

/** A physical device in a {@link WatchedContext}. The core calls it under the set lock, one call at a time. */
final class WatchedBinding implements IommufdDevice {
    private final WatchedContext context;
    private final IommuGroup group;
    private final int id;
    private WatchedContext.@Nullable Ioas attached;

    WatchedBinding(WatchedContext context, IommuGroup group) {
        this.context = context;
        this.group = group;
        this.id = context.addUser(this);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public IommufdContext context() {
        return context;
    }

    @Override
    public int attach(int ptId) {
        var next = context.attach(ptId);
        detach();
        attached = next;
        return ptId;
    }

    @Override
    public void detach() {
        var old = attached;
        attached = null;
        if (old != null) {
            context.detach(old);
        }
    }

    @Override
    public boolean attached() {
        return attached != null;
    }

    @Override
    public void unbind() {
        detach();
        group.releaseDmaOwner(context);
        context.removeUser(this);
    }
}
