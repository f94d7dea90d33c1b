// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import org.vfio4j.spi.memory.RunSink;

/**
 * A file that is made of pages of memory, which devices can be given by their place in the file, without an address in anybody's
 * address space (kernel: files of shmem and hugetlbfs, {@code memfd_create}). Whoever pins pages keeps the
 * {@link FileReference} it found the file with until they are unpinned. Thread-safe. Spec: iommufd §5.5.
 */
public interface PageFile extends UapiFile {
    /**
     * Pins a range and reports where it is, all of it or nothing (kernel: {@code memfd_pin_folios}). Holes are filled with zeroed
     * pages first. Each run is counted in {@link org.vfio4j.spi.memory.PhysicalMemory}; the caller gives each back with
     * {@link org.vfio4j.spi.memory.PhysicalMemory#unpin}. Nothing is charged. Pinned pages stay when the descriptor is closed.
     *
     * @param offset first byte, a multiple of the page size
     * @param length bytes, a multiple of the page size, greater than zero; the range does not wrap
     * @param write whether the device may write; how the file was opened does not matter
     * @param sink gets the contiguous runs in order, only if the whole range could be pinned
     * @throws org.vfio4j.uapi.VfioException EINVAL when part of the range lies beyond the end of the file, ENOMEM when there is
     *     no page for a hole, EPERM or EACCES when the file cannot be written at all
     */
    void pin(long offset, long length, boolean write, RunSink sink);
}
