// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;

/** An object of the management complex as a bus device (kernel: {@code struct fsl_mc_device}). Thread-safe. */
public interface McObject extends BusDevice {
    /** Type: {@code dprc}, {@code dpni}, {@code dpio}, ... */
    String type();

    /** Number within the type. */
    int id();

    /** The DPRC that contains it; null for the root DPRC. */
    @Nullable
    McObject container();

    /** Whether it is a container itself. */
    default boolean isContainer() {
        return type().equals("dprc");
    }

    /** Objects directly inside that are on the bus, when this is a container. */
    List<McObject> children();

    /**
     * Takes the container's own command portal for the host's commands (kernel: {@code fsl_create_mc_io}).
     *
     * @throws org.vfio4j.uapi.VfioException EBUSY when somebody has it already
     */
    void claimPortal();

    /** Gives {@link #claimPortal the portal} back. */
    void releasePortal();

    /**
     * Brings what is inside onto the bus: the container's driver, which has it open, looks into it for the first time
     * (kernel: {@code dprc_scan_container}). From now on every rescan of the bus looks again, until
     * {@link #removeChildren}. The bus' listeners hear of each object, those that others need first; one that cannot be
     * described or is of no known kind is left out. The container's scan lock is held meanwhile: taken after the device lock
     * of the container and before those of its children.
     *
     * @throws org.vfio4j.uapi.VfioException the errno of the status when the objects cannot be counted; nothing is on the bus
     *     then
     */
    void scan();

    /** Takes everything inside off the bus, waiting for its users (kernel: {@code dprc_remove_devices}). */
    void removeChildren();

    /** Number of interrupts. */
    int irqCount();

    /** Its regions. */
    List<McRegion> regions();

    /** Reads 8 bytes of a region. */
    long readRegion(int index, long offset);

    /** Writes 8 bytes of a region; writing a command portal's first word starts the command. */
    void writeRegion(int index, long offset, long value);

    /** The region's memory when it can be mapped; null otherwise. */
    @Nullable
    MemorySegment regionMemory(int index);

    /**
     * Runs one command on the portal that the host uses for this object's container.
     *
     * @param command eight words, replaced by the response
     * @throws org.vfio4j.uapi.VfioException the errno of the status, ETIMEDOUT
     */
    void sendCommand(long[] command);

    /**
     * Connects the object's interrupts; called with the interrupt's index, must not block.
     *
     * @throws org.vfio4j.uapi.VfioException ENOSPC when the container has no vectors left
     */
    void enableIrqs(IntConsumer handler);

    /** Disconnects; no handler runs afterwards. */
    void disableIrqs();
}
