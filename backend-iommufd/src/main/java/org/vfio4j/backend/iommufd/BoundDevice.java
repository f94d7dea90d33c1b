// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * DEVICE object: a physical device whose DMA belongs to the context (kernel: {@code struct iommufd_device}). Holds a claim
 * on its group's DMA and a reference to the context. Spec: iommufd §7.
 */
final class BoundDevice extends IommufdObject implements IommufdDevice {
    private final Context context;
    private final BusDevice busDevice;
    private final GroupAttachment attachment;

    BoundDevice(Context context, BusDevice busDevice, GroupAttachment attachment) {
        this.context = context;
        this.busDevice = busDevice;
        this.attachment = attachment;
    }

    @Override
    String kind() {
        return "device";
    }

    BusDevice busDevice() {
        return busDevice;
    }

    IommuGroup group() {
        return attachment.group();
    }

    @Override
    public IommufdContext context() {
        return context;
    }

    @Override
    public boolean attached() {
        return attachment.isAttached(this);
    }

    @Override
    public int attach(int ptId) {
        IommufdObject target = context.objects().get(ptId, IommufdObject.class);
        try {
            return switch (target) {
                case HwPageTable table -> {
                    context.leave(attachment.attachOrReplace(this, table));
                    yield table.id();
                }
                case Ioas ioas -> attachAutomatically(ioas);
                default ->
                    throw new VfioException(
                            Errno.EINVAL,
                            "ATTACH refused: object " + ptId + " is a " + target.kind()
                                    + ", neither an IOAS nor a hardware page table");
            };
        } finally {
            target.put();
        }
    }

    @Override
    public void detach() {
        context.leave(attachment.detach(this));
    }

    /**
     * No IOMMU here translates by PASID, so no hardware page table was made for one, and that is all there is to attach to.
     */
    @Override
    public int attachPasid(int pasid, int ptId) {
        IommufdObject target = context.objects().get(ptId, IommufdObject.class);
        try {
            throw new VfioException(
                    Errno.EINVAL,
                    "ATTACH refused: object " + ptId + ", a " + target.kind() + ", is no hardware page table for PASID "
                            + Integer.toUnsignedString(pasid));
        } finally {
            target.put();
        }
    }

    @Override
    public void unbind() {
        detach();
        context.objects().remove(this);
        context.unbound(attachment);
        context.release();
    }

    /** Nothing of its own: ownership is given back by {@link #unbind}. */
    @Override
    void free() {}

    /**
     * Attaches to the first automatic table of the IOAS that fits, in order of creation, or to a new one. EINVAL from the
     * hardware means that a table does not fit.
     */
    private int attachAutomatically(Ioas ioas) {
        GroupAttachment.Left left;
        int id;
        ioas.hwptLock.lock();
        try {
            HwPageTable used = null;
            left = GroupAttachment.NOTHING_LEFT;
            for (HwPageTable candidate : ioas.hwpts) {
                if (!candidate.automatic() || !candidate.tryGet()) {
                    continue;
                }
                try {
                    left = attachment.attachOrReplace(this, candidate);
                    used = candidate;
                    break;
                } catch (VfioException refused) {
                    if (refused.errno() != Errno.EINVAL) {
                        throw refused;
                    }
                } finally {
                    candidate.put();
                }
            }
            if (used != null) {
                id = used.id();
            } else {
                HwPageTable made = HwPageTable.create(context, ioas, this, true, false);
                left = attachToNew(made);
                context.objects().publish(made);
                id = made.id();
            }
        } finally {
            ioas.hwptLock.unlock();
        }
        context.leave(left);
        return id;
    }

    /**
     * A first attach goes before filling, since that is when contradictions with the device show; a replace fills first,
     * so that the device never sees an empty table.
     */
    private GroupAttachment.Left attachToNew(HwPageTable made) {
        boolean first = !attached();
        try {
            if (first) {
                attachment.attachOrReplace(this, made);
                try {
                    made.join();
                } catch (RuntimeException refused) {
                    attachment.detach(this);
                    throw refused;
                }
                return GroupAttachment.NOTHING_LEFT;
            }
            made.join();
            return attachment.attachOrReplace(this, made);
        } catch (RuntimeException refused) {
            made.abandon(context);
            throw refused;
        }
    }
}
