// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * How one port translates while it is attached to one set of tables: the port's IOTLB, and the walk that fills it. Made at
 * attach, thrown away at detach, so nothing cached outlives an attachment. Used by the port's thread only, while the
 * port's counter is odd.
 *
 * <p>The IOTLB is direct-mapped by 4 KiB page. A line holds two tags, one for reads and one for writes, so permission and
 * the table's accessed and dirty bits cost nothing on a hit: a line gets its write tag only once the dirty bit is set. A tag is
 * the page's address with a counter in its low bits that changes with the generation: a new generation voids all lines.
 */
abstract sealed class Translation permits PagingTranslation, TceTranslation {
    private static final VarHandle SEEN_GENERATION;

    static {
        try {
            SEEN_GENERATION = MethodHandles.lookup().findVarHandle(Translation.class, "seenGeneration", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** {@link #lookup} answers this or less for an access that is refused; see {@link #reason}. */
    static final int REFUSED = -1;

    private static final DmaFault.Reason[] REASONS = DmaFault.Reason.values();

    private static final int PAGE_SHIFT = 12;
    private static final int LINES = 512;
    private static final int LINE_SHIFT = 2;
    /** Places in a line: tag for reads, tag for writes, offset in the memory minus iova, size of the page minus 1. */
    private static final int READ_TAG = 0;

    private static final int WRITE_TAG = 1;
    private static final int DELTA = 2;
    private static final int PAGE_MASK = 3;

    /** Tags with this in their low bits belong to no generation: line empty. */
    static final int NO_EPOCH = 0;

    /** Epochs count from 1 to here in the 12 low bits of a tag, then everything is cleared and they start again. */
    private static final int LAST_EPOCH = (1 << PAGE_SHIFT) - 1;

    /** Older than every generation. */
    private static final long NOTHING_SEEN = -1;

    private final IommuPort port;
    private final PaddedLong generation;
    private final PhysicalMemory physical;
    private final long[] lines = new long[LINES << LINE_SHIFT];
    private final @Nullable MemorySegment[] views = new @Nullable MemorySegment[LINES];
    private final @Nullable BackingMemory[] backings = new @Nullable BackingMemory[LINES];
    /** The generation of everything cached. Written by the port's thread, read by invalidations too. */
    private long seenGeneration = NOTHING_SEEN;

    private int epoch = NO_EPOCH;

    Translation(IommuPort port, PortSet ports, PhysicalMemory physical) {
        this.port = port;
        this.generation = ports.generation();
        this.physical = physical;
    }

    /** Who translates so. */
    final IommuPort port() {
        return port;
    }

    /** The generation the port has published last: an access that finds another executes a full fence. */
    final long seenGeneration() {
        return (long) SEEN_GENERATION.getOpaque(this);
    }

    /**
     * Finds the line that translates an access.
     *
     * @return the line, or {@link #REFUSED} or less
     */
    final int lookup(long iova, boolean write) {
        if (generation.getOpaque() != seenGeneration) {
            startEpoch();
        }
        int line = (int) (iova >>> PAGE_SHIFT) & (LINES - 1);
        if (lines[(line << LINE_SHIFT) + (write ? WRITE_TAG : READ_TAG)] == tag(iova)) {
            return line;
        }
        return walk(iova, write);
    }

    /** Walks the tables and fills the line with {@link #fill}, or answers {@link #refuse}. */
    abstract int walk(long iova, boolean write);

    /** Forgets what the walk itself caches; called when epochs start again. */
    abstract void clearWalkCache();

    /** The counter in the low bits of tags that are valid now. */
    final int epoch() {
        return epoch;
    }

    /** Bytes from an address to the end of its page, as the tables map it. */
    final long bytesFrom(int line, long iova) {
        return (iova | lines[(line << LINE_SHIFT) + PAGE_MASK]) - iova + 1;
    }

    /** The memory behind a line, or null when it has no direct view: then {@link #backing}. */
    final @Nullable MemorySegment view(int line) {
        return views[line];
    }

    /** The memory behind a line. */
    final @Nullable BackingMemory backing(int line) {
        return backings[line];
    }

    /** Where in the line's memory an address is. */
    final long offset(int line, long iova) {
        return iova + lines[(line << LINE_SHIFT) + DELTA];
    }

    /**
     * Fills the line of an address.
     *
     * @param phys where the address is
     * @param pageMask size of the page that maps it, minus 1
     * @return the line, or a refusal when the memory is gone
     */
    final int fill(long iova, long phys, long pageMask, boolean readable, boolean writable) {
        BackingMemory backing = physical.backing(phys);
        if (backing == null) {
            return refuse(DmaFault.Reason.MEMORY_GONE);
        }
        int line = (int) (iova >>> PAGE_SHIFT) & (LINES - 1);
        int at = line << LINE_SHIFT;
        lines[at + READ_TAG] = readable ? tag(iova) : NO_EPOCH;
        lines[at + WRITE_TAG] = writable ? tag(iova) : NO_EPOCH;
        lines[at + DELTA] = physical.offset(phys) - iova;
        lines[at + PAGE_MASK] = pageMask;
        if (backings[line] != backing) {
            // Compared first, because storing a reference costs the collector's barrier, and most lines see one memory.
            backings[line] = backing;
            views[line] = backing.segment();
        }
        return line;
    }

    @SuppressWarnings("EnumOrdinal") // the number never leaves the process: reason() turns it back
    static int refuse(DmaFault.Reason reason) {
        return REFUSED - reason.ordinal();
    }

    /** Why {@link #lookup} refused. */
    static DmaFault.Reason reason(long refusal) {
        return REASONS[(int) (REFUSED - refusal)];
    }

    private long tag(long iova) {
        return (iova & -(1L << PAGE_SHIFT)) | epoch;
    }

    private void startEpoch() {
        // Read before the fence, tables after it: either an invalidation sees what is published here, or this access
        // sees
        // the tables it changed. A generation raised later than this is noticed by the next access.
        SEEN_GENERATION.setOpaque(this, generation.getOpaque());
        VarHandle.fullFence();
        if (epoch == LAST_EPOCH) {
            Arrays.fill(lines, NO_EPOCH);
            clearWalkCache();
            epoch = NO_EPOCH;
        }
        epoch++;
    }
}
