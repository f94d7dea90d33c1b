// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.jspecify.annotations.Nullable;

/**
 * An interval of I/O addresses mapped to a slice of a page object (kernel: {@code struct iopt_area}). Areas of an IOAS do
 * not overlap, never merge, and are split by the shim's cut only. Spec: iommufd §6.1, §6.2.
 */
final class Area extends IntervalTree.Node {
    /** Where an area is in its life; its interval is taken in every state. Changes under the IOVA lock, exclusive. */
    enum State {
        /** Being filled by MAP or COPY: nobody else may touch it. */
        BUILDING,
        /** In use. */
        READY,
        /** Being emptied by UNMAP: nobody else may touch it. */
        REMOVING
    }

    final PageObject pages;

    /** Place of the first byte in {@link #pages}, counted from the first byte of its page 0. */
    final long offset;

    /** Bytes; an area never spans the whole 64-bit space, so this never wraps. */
    final long length;

    /** Mask of {@link org.vfio4j.spi.memory.Protection}. */
    final int protection;

    State state = State.BUILDING;

    /** An unmap is waiting for accesses to let go: no new pins, no copies. Guarded by the IOVA lock; never taken back. */
    boolean preventAccess;

    /**
     * Pins of accesses on this area. Changes under the IOVA lock, shared, together with the page object's lock; so it
     * stands still under the IOVA lock, exclusive.
     */
    int accesses;

    /**
     * The pages held for hardware page tables; null while the area is in none. Written by the area's builder or remover
     * under the domains lock, shared, and by attach and detach under the domains lock, exclusive.
     */
    @Nullable
    PageSpan filled;

    Area(PageObject pages, long offset, long length, int protection) {
        this.pages = pages;
        this.offset = offset;
        this.length = length;
        this.protection = protection;
    }

    /** Gives the area its place; before it enters an address space. */
    void place(long iova) {
        start = iova;
        last = iova + length - 1;
    }

    long firstPage() {
        return offset >>> pages.pageShift();
    }

    long lastPage() {
        return (offset + length - 1) >>> pages.pageShift();
    }

    /** Offset of the first byte in its page. */
    long pageOffset() {
        return offset & ((1L << pages.pageShift()) - 1);
    }

    /** Whether address, length and page offset are multiples of a power of two. */
    boolean isAligned(long alignment) {
        return ((start | length | pageOffset()) & (alignment - 1)) == 0;
    }
}
