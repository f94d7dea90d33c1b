// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.FileRange;

/**
 * A PCI function as a driver reaches it (kernel: {@code struct pci_dev} and the PCI core's calls). Thread-safe. Accesses to
 * a function that vanished read all ones and write nothing.
 */
public interface PciFunction extends BusDevice {
    /** Index of the expansion ROM among the resources. */
    int ROM = 6;

    /** Where it is. */
    PciAddress address();

    /** Size of configuration space: 256 or 4096. */
    int configSize();

    /** Vendor id (kernel: {@code pci_dev.vendor}); that of a virtual function is not in its own registers. */
    default int vendorId() {
        return readConfig(0, 2);
    }

    /** Device id (kernel: {@code pci_dev.device}); that of a virtual function is not in its own registers. */
    default int deviceId() {
        return readConfig(2, 2);
    }

    /**
     * Reads configuration space, the hardware's view.
     *
     * @param offset multiple of size
     * @param size 1, 2 or 4
     * @return the value, zero-extended
     */
    int readConfig(int offset, int size);

    /** Writes configuration space; hardware-defined bits only change. */
    void writeConfig(int offset, int size, int value);

    /**
     * What a register decodes.
     *
     * @param index 0 to 5, or {@link #ROM}
     */
    PciResource resource(int index);

    /**
     * Takes the registers' address ranges for one driver (kernel: {@code pci_request_selected_regions}).
     *
     * @throws org.vfio4j.uapi.VfioException EBUSY when the host refuses
     */
    void requestRegion(int index);

    /** Gives a range back. */
    void releaseRegion(int index);

    /**
     * Reads device registers. Address decoding must be on, otherwise all ones are read.
     *
     * @param bar 0 to 5, or {@link #ROM}
     * @param offset multiple of size, within the resource
     * @param size 1, 2, 4 or 8
     */
    long readBar(int bar, long offset, int size);

    /** Writes device registers; ignored while address decoding is off. */
    void writeBar(int bar, long offset, int size, long value);

    /**
     * The parts of a register that behave like memory (no read has a side effect, no write needs a trap), so that users can
     * map them.
     *
     * @return whole pages, ascending, not touching; empty when nothing can be mapped, one area of the register's length when
     *     all of it can
     */
    default List<MappableArea> mappableAreas(int bar) {
        return List.of();
    }

    /**
     * A user's mapping of a register begins, in whatever process (kernel: {@code vm_ops->open}).
     *
     * @throws org.vfio4j.uapi.VfioException ENOMEM when the host cannot give the memory away now
     */
    default void beginMapping(int bar) {}

    /** A user's mapping ended. */
    default void endMapping(int bar) {}

    /**
     * Whether mappings of all registers reach them (kernel: {@code unmap_mapping_range} and the fault handler after it): a
     * driver takes them away while the memory is switched off. Those of other processes get SIGBUS then, and work again when
     * they are shown again; those of this process have to be ended before by closing their arenas. At first they are shown.
     */
    default void showMappings(boolean reachable) {}

    /**
     * A fresh view of a register's memory, whole pages, that lives as long as an arena: once the arena is closed every
     * access through the view throws {@link IllegalStateException}. A driver hands it to users, and closes the arena when
     * the memory is switched off. Only between {@link #beginMapping} and {@link #endMapping}. Needs no restricted method: a
     * host keeps such memory in a file and maps that.
     *
     * @param bar a register with {@link #mappableAreas}
     * @return null when the host cannot give its memory away now
     */
    default @Nullable MemorySegment mapBar(int bar, Arena arena) {
        return null;
    }

    /**
     * The file that {@link #mapBar} maps, with the register's first byte at its offset, so that other processes can map the
     * same bytes. It stays until the last mapping of the register ends.
     *
     * @return null when the memory is in no file that has a path
     */
    default @Nullable FileRange barFile(int bar) {
        return null;
    }

    /** Valid expansion ROM image; null when there is none. */
    @Nullable
    MemorySegment romImage();

    /**
     * Starts delivery of the legacy interrupt.
     *
     * @param handler called on assertion, must not block; the line stays silent until {@link #unmaskIntx}
     * @throws org.vfio4j.uapi.VfioException EBUSY when the line cannot be had
     */
    void enableIntx(Runnable handler);

    /** Lets the line deliver again; a line still asserted delivers at once. */
    void unmaskIntx();

    /** Keeps the line from delivering. */
    void maskIntx();

    /** Ends delivery; no handler runs afterwards. */
    void disableIntx();

    /**
     * Starts delivery of message-signalled interrupts.
     *
     * @param vectors how many are wanted
     * @param extended MSI-X instead of MSI
     * @param handler called with the vector's number, must not block
     * @return how many can be had; if fewer than wanted nothing was started
     */
    int enableMsi(int vectors, boolean extended, IntConsumer handler);

    /** Ends delivery; no handler runs afterwards. */
    void disableMsi();

    /** Names of the reset methods the function supports, in order of preference (sysfs {@code reset_method}). */
    List<String> resetMethods();

    /**
     * Resets the function; configuration is saved and restored around it.
     *
     * @throws org.vfio4j.uapi.VfioException ENOTTY without a method, EAGAIN when the function is locked, or the method's errno
     */
    void resetFunction();

    /** The bus object, equal by identity for functions on one bus. */
    PciBus bus();

    /** The hot-plug slot when it can be reset as a whole (kernel: {@code pci_probe_reset_slot}); null otherwise. */
    @Nullable
    PciResetScope resettableSlot();

    /** The physical function of a virtual one; null when this is none. */
    @Nullable
    PciFunction physicalFunction();

    /** What makes its virtual functions (kernel: {@code is_physfn}); null for a function without SR-IOV capability. */
    default @Nullable SriovControl sriov() {
        return null;
    }
}
