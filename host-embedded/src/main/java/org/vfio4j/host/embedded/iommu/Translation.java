// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

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
 * <p>The IOTLB is direct-mapped by 4 KiB page. A line's tag is the page's address with a counter in its low bits that changes
 * with the generation: a new generation voids all lines.
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

    /** What a move answers, or less, when an access is refused; see {@link #reason}. */
    static final int REFUSED = -1;

    private static final DmaFault.Reason[] REASONS = DmaFault.Reason.values();

    private static final int PAGE_SHIFT = 12;
    private static final int LINES = 512;

    /** Tags with this in their low bits belong to no generation: line empty. */
    static final int NO_EPOCH = 0;

    /** Epochs count from 1 to here in the 12 low bits of a tag, then everything is cleared and they start again. */
    private static final int LAST_EPOCH = (1 << PAGE_SHIFT) - 1;

    /** Older than every generation. */
    private static final long NOTHING_SEEN = -1;

    private final IommuPort port;
    private final PaddedLong generation;
    private final PhysicalMemory physical;
    private final IotlbLine[] lines = new IotlbLine[LINES];

    /** Why the last access was refused, as {@link #refuse} has it. */
    private int refusal = REFUSED;

    /** The memory the last walk found, its number, and what its offsets differ from physical addresses. */
    private @Nullable BackingMemory knownMemory;

    private long knownNumber;
    private long knownDelta;

    /** The generation of everything cached. Written by the port's thread, read by invalidations too. */
    private long seenGeneration = NOTHING_SEEN;

    private int epoch = NO_EPOCH;

    Translation(IommuPort port, PortSet ports, PhysicalMemory physical) {
        this.port = port;
        this.generation = ports.generation();
        this.physical = physical;
        Arrays.setAll(lines, line -> new IotlbLine());
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
     * @return the line, or null when the access is refused: see {@link #refusal}
     */
    final @Nullable IotlbLine lookup(long iova, boolean write) {
        if (generation.getOpaque() != seenGeneration) {
            startEpoch();
        }
        IotlbLine line = line(iova);
        if ((write ? line.writeTag : line.readTag) == tag(iova)) {
            return line;
        }
        return walk(iova, write);
    }

    /** Why {@link #lookup} found nothing, as {@link #refuse} has it. */
    final int refusal() {
        return refusal;
    }

    /** Walks the tables and answers what {@link #fill} or {@link #refused} does. */
    abstract @Nullable IotlbLine walk(long iova, boolean write);

    /** Forgets what the walk itself caches; called when epochs start again. */
    abstract void clearWalkCache();

    /** The counter in the low bits of tags that are valid now. */
    final int epoch() {
        return epoch;
    }

    /**
     * Fills the line of an address.
     *
     * @param phys where the address is
     * @param pageMask size of the page that maps it, minus 1
     * @return the line, or null, a refusal, when the memory is gone
     */
    final @Nullable IotlbLine fill(long iova, long phys, long pageMask, boolean readable, boolean writable) {
        BackingMemory backing = physical.backing(phys);
        if (backing == null) {
            return refused(DmaFault.Reason.MEMORY_GONE);
        }
        if (backing != knownMemory || phys >>> PhysicalMemory.BACKING_SHIFT != knownNumber) {
            knownMemory = backing;
            knownNumber = phys >>> PhysicalMemory.BACKING_SHIFT;
            knownDelta = physical.offset(phys) - phys;
        }
        IotlbLine line = line(iova);
        long tag = tag(iova);
        line.readTag = readable ? tag : NO_EPOCH;
        line.writeTag = writable ? tag : NO_EPOCH;
        line.lead(backing, phys + knownDelta - iova, pageMask);
        return line;
    }

    /** Remembers why an access is refused. */
    final @Nullable IotlbLine refused(DmaFault.Reason reason) {
        refusal = refuse(reason);
        return null;
    }

    @SuppressWarnings("EnumOrdinal") // the number never leaves the process: reason() turns it back
    static int refuse(DmaFault.Reason reason) {
        return REFUSED - reason.ordinal();
    }

    /** The reason that {@link #refuse} has turned into a number. */
    static DmaFault.Reason reason(long refusal) {
        return REASONS[(int) (REFUSED - refusal)];
    }

    private IotlbLine line(long iova) {
        return lines[(int) (iova >>> PAGE_SHIFT) & (lines.length - 1)];
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
            for (IotlbLine line : lines) {
                line.clear();
            }
            clearWalkCache();
            epoch = NO_EPOCH;
        }
        epoch++;
    }
}
