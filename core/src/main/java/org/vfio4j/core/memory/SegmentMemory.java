// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An off-heap segment of this JVM as backing memory. The segment's owner may close its arena at any time: accesses fail
 * from then on, nothing else happens.
 */
public final class SegmentMemory implements AreaMemory {
    /** Largest size of one backing object in bytes. */
    static final long MAX_SIZE = 1L << 39;

    /** Never started: stands for "some other thread" when asking whether a segment is confined. */
    private static final Thread ANY_OTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

    private final MemorySegment segment;
    private final Runnable onRelease;

    /** Memory that somebody else frees. */
    public SegmentMemory(MemorySegment segment) {
        this(segment, () -> {});
    }

    /**
     * Memory with an owner to tell when nobody uses it any more.
     *
     * @param segment native, 1 byte to 2^39 bytes, accessible by all threads
     * @param onRelease called once, when the memory was removed and the last pin is gone; must not throw
     * @throws VfioException EINVAL for a segment devices cannot be given
     */
    public SegmentMemory(MemorySegment segment, Runnable onRelease) {
        if (!segment.isNative()) {
            throw refused(segment, "it is on the Java heap, where it has no fixed address");
        }
        if (segment.byteSize() == 0 || segment.byteSize() > MAX_SIZE) {
            throw refused(segment, "its size is not between 1 and 2^39 bytes");
        }
        if (!segment.isAccessibleBy(ANY_OTHER_THREAD)) {
            throw refused(segment, "it is confined to one thread, but devices run in others");
        }
        this.segment = segment;
        this.onRelease = Objects.requireNonNull(onRelease, "onRelease");
    }

    private static VfioException refused(MemorySegment segment, String why) {
        return new VfioException(
                Errno.EINVAL, "memory of " + segment.byteSize() + " bytes cannot be given to devices: " + why);
    }

    /** Whether devices, which run in threads of their own, can be given a segment at its address. */
    static boolean isShareable(MemorySegment segment) {
        return segment.isNative() && segment.isAccessibleBy(ANY_OTHER_THREAD);
    }

    /** Whether the bytes are still there. */
    @Override
    public boolean alive() {
        return segment.scope().isAlive();
    }

    @Override
    public boolean populate(long offset, long length, int pageSize) {
        return GuardedCopy.populate(segment, offset, length, pageSize);
    }

    @Override
    public long size() {
        return segment.byteSize();
    }

    @Override
    public long alignmentAddress() {
        return segment.address();
    }

    @Override
    public boolean writable() {
        return !segment.isReadOnly();
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
        return GuardedCopy.copy(segment, offset, target, targetOffset, length);
    }

    @Override
    public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
        return writable() && GuardedCopy.copy(source, sourceOffset, segment, offset, length);
    }

    @Override
    public void release() {
        onRelease.run();
    }

    @Override
    public String toString() {
        return segment.byteSize() + " bytes at 0x" + Long.toHexString(segment.address());
    }
}
