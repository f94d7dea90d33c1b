// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What a bus driver does for one of its devices (kernel: {@code struct vfio_device_ops}). The typed calls hold the meaning;
 * the core's codec turns {@code VFIO_DEVICE_GET_INFO}, {@code GET_REGION_INFO}, {@code GET_IRQ_INFO}, {@code SET_IRQS} and
 * {@code RESET} into them and passes every other number to {@link #ioctl}.
 *
 * <p>{@link #openDevice} and {@link #closeDevice} come under the dev_set lock and strictly alternate. The calls of an open
 * device come from any thread at once, with no core lock held, never before openDevice returned nor after closeDevice
 * began. Spec: core §9.2.
 */
public interface DeviceOps {
    /** Name of the driver. */
    String driverName();

    /**
     * Called at the end of allocation; an exception aborts it, and takes back a device set assigned here.
     *
     * @param device not registered yet
     */
    default void init(VfioDevice device) {}

    /** Called when the last reference is gone, not after an aborted allocation. */
    default void release() {}

    /** First open, after the IOMMU step. */
    default void openDevice() {}

    /** Last close: afterwards no DMA callback may run and all pins are returned. */
    default void closeDevice() {}

    /** GET_INFO. */
    DeviceInfo info();

    /**
     * GET_REGION_INFO.
     *
     * @throws VfioException EINVAL for an index that does not exist
     */
    RegionInfo regionInfo(int index);

    /**
     * GET_IRQ_INFO.
     *
     * @throws VfioException EINVAL for an index that does not exist
     */
    IrqInfo irqInfo(int index);

    /**
     * Number of vectors SET_IRQS is validated against (core HP-2). It equals GET_IRQ_INFO's count except where a kernel
     * driver passes another number to its validation.
     *
     * @throws VfioException EINVAL for an index that does not exist
     */
    default int irqLimit(int index) {
        return irqInfo(index).count();
    }

    /**
     * SET_IRQS; the core has validated it against {@link #irqLimit} as core HP-2 says.
     *
     * @return 0, or the positive number of vectors that could be had when that is fewer than asked for
     */
    long setIrqs(IrqSet request);

    /**
     * RESET.
     *
     * @throws VfioException EINVAL when the device cannot be reset, or the method's errno
     */
    void reset();

    /**
     * Whether the driver has device-control calls at all; without them every call that is not the core's own answers EINVAL
     * (core DF-1).
     */
    default boolean hasIoctl() {
        return true;
    }

    /** Any other device-control call. */
    default long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, driverName() + " has no ioctl 0x" + Integer.toHexString(command));
    }

    /**
     * Reads registers or memory of a region.
     *
     * @param position region offset plus offset in the region
     * @param target its size is the count asked for
     * @return bytes read
     */
    default long read(long position, MemorySegment target) {
        throw new VfioException(Errno.EINVAL, driverName() + " has no read");
    }

    /** Writes; see {@link #read}. */
    default long write(long position, MemorySegment source) {
        throw new VfioException(Errno.EINVAL, driverName() + " has no write");
    }

    /** Maps part of a region; see {@link org.vfio4j.spi.call.UapiFile#mmap}. */
    default UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        throw new VfioException(Errno.EINVAL, driverName() + " has no mmap");
    }

    /**
     * A DEVICE_FEATURE the core does not handle itself.
     *
     * @param flags the request's flags
     * @param argument address of the feature's data in the caller's memory
     * @param length bytes there
     */
    default long feature(Caller caller, int flags, long argument, long length) {
        throw new VfioException(Errno.ENOTTY, driverName() + " has no feature " + (flags & 0xffff));
    }

    /** The user is asked to let go, again and again while unregistration waits; must not block. */
    default void request(int count) {}

    /**
     * How GET_DEVICE_FD's name is matched; null means comparison with the bus device's name.
     */
    default @Nullable NameMatch nameMatch() {
        return null;
    }

    /** The iommufd steps; without them registration is refused. */
    @Nullable
    IommufdOps iommufdOps();

    /** The callback for unmapped memory; needed for pinning. */
    default @Nullable DmaUnmapListener dmaUnmap() {
        return null;
    }

    /** The migration ops; null for a device that cannot be migrated. Asked once, at registration. */
    default @Nullable MigrationOps migration() {
        return null;
    }

    /** The DMA-logging ops; null for a device that does not record its writes. Asked once, at registration. */
    default @Nullable DmaLoggingOps dmaLogging() {
        return null;
    }

    /** Runtime power; null when the device is always awake. Asked once, at registration. */
    default @Nullable PowerOps power() {
        return null;
    }

    /** Reset together with others; null for a device that is never reset but by itself. */
    default @Nullable HotResetOps hotReset() {
        return null;
    }

    /** How a VF token given to BIND is checked; null when the driver knows none. */
    default @Nullable TokenMatch tokenMatch() {
        return null;
    }

    /** A driver's check of VF tokens (kernel: {@code match_token_uuid}). */
    @FunctionalInterface
    interface TokenMatch {
        /**
         * Checks a token.
         *
         * @param token null when the user gave none
         * @throws VfioException EACCES wrong or missing, EINVAL not applicable
         */
        void check(@Nullable UUID token);
    }

    /** A driver's own matching of device names. */
    @FunctionalInterface
    interface NameMatch {
        /**
         * Decides about a name.
         *
         * @throws VfioException aborts the whole call
         */
        boolean matches(String name);
    }
}
