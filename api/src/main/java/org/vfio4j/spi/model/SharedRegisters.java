// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.memory.FileRange;

/**
 * Registers that behave like memory, so that users can map them, with {@link Doorbell}s among them: the device's side and
 * the driver's side of the same bytes. Made by {@link DeviceSlot#sharedRegisters}; zero at first, little-endian.
 *
 * <p>While there is a mapping the bytes lie in a file that other processes can map. When the driver takes them away
 * ({@link #show}), or the last mapping ends, the device keeps them where nobody else is, and who still has the file mapped
 * gets SIGBUS; when they are shown again the same mappings work again and have what is in the registers then. What the device
 * wrote is never lost by that; a store of a program at the very moment may be.
 *
 * <p>Thread-safe. Accesses take a lock of this object alone and do not allocate; {@link #beginMapping}, {@link #endMapping},
 * {@link #show} and {@link #clear} cost some 100 µs and time to copy what is not zero. Spec: pci §11.
 */
public interface SharedRegisters extends AutoCloseable {
    /**
     * What to make.
     *
     * @param length bytes, rounded up to whole pages
     * @param position where the first byte lies in the file, a multiple of the page size: a register's offset in the file of
     *     its device, so that a program can map the one as the other
     * @param doorbells all of them inside, none overlapping another
     */
    record Layout(long length, long position, List<Doorbell> doorbells) {
        /** Copies the list. */
        public Layout {
            doorbells = List.copyOf(doorbells);
        }
    }

    /** Whether they can be mapped: not where the system offers no place for the file. */
    boolean mappable();

    /**
     * Reads, as a user's call does.
     *
     * @param offset naturally aligned, within the length
     * @param size 1, 2, 4 or 8
     * @return zero-extended
     */
    long read(long offset, int size);

    /** Writes, as a user's call does: doorbells ring before this returns. See {@link #read}. */
    void write(long offset, int size, long value);

    /** Writes, as the device itself does: no doorbell rings. Users see it not before anything set earlier. */
    void set(long offset, int size, long value);

    /**
     * Zeroes everything, as a reset does; mappings stay, no doorbell rings, also none that was on its way. Waits for a ring that
     * is being told: not to be called with a lock that the listener takes.
     */
    void clear();

    /**
     * A user's mapping begins, in whatever process.
     *
     * @throws org.vfio4j.uapi.VfioException ENOMEM when there is no place for the file
     */
    void beginMapping();

    /** A user's mapping ended. Doorbells written before ring before this returns. */
    void endMapping();

    /**
     * Whether mappings reach the registers; at first they do. Doorbells written before they are taken away ring before this
     * returns. Views of {@link #map} have to be closed before.
     */
    void show(boolean reachable);

    /**
     * A fresh view in this process, whole pages. Between {@link #beginMapping} and {@link #endMapping}, while shown.
     *
     * @param lifetime closed by whoever takes the view away
     * @throws IllegalStateException when they are not shown
     */
    MemorySegment map(Arena lifetime);

    /** The file other processes map; it stays until the last mapping ends. Empty without a mapping. */
    Optional<FileRange> file();

    /** The device is gone: mappings elsewhere get SIGBUS. */
    @Override
    void close();
}
