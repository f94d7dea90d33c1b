// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A domain that remembers every mapping, checks its callers' duties, and fails when told to. Not the software IOMMU: that
 * one cannot fail at a chosen step.
 */
final class FakeDomain implements IommuDomain {
    private final FakeHardware hardware;
    private final List<String> events;
    private final Faults faults;
    /** By first address with the sign bit turned, so that the order is unsigned. */
    private final TreeMap<Long, Piece> pieces = new TreeMap<>();

    private final List<Long> msiWindows = new ArrayList<>();
    private int mapCalls;
    private boolean freed;
    int attached;

    FakeDomain(FakeHardware hardware, List<String> events, Faults faults) {
        this.faults = faults;
        this.hardware = hardware;
        this.events = events;
    }

    /** One successful map call. */
    record Piece(long iova, long phys, long length, int protection) {}

    @Override
    public long pageSizes() {
        return hardware.pageSizes;
    }

    @Override
    public long apertureStart() {
        return hardware.apertureStart;
    }

    @Override
    public long apertureEnd() {
        return hardware.apertureEnd;
    }

    @Override
    public Object driverIdentity() {
        return hardware.driver;
    }

    @Override
    public boolean enforceCacheCoherency() {
        return hardware.coherent;
    }

    @Override
    public synchronized void map(long iova, long phys, long length, int protection) {
        requireUsable();
        faults.step("map");
        if (hardware.mapsUntilFailure >= 0 && hardware.mapsUntilFailure-- == 0) {
            throw new VfioException(hardware.mapFailure, "made to fail");
        }
        long smallest = Long.lowestOneBit(hardware.pageSizes);
        if (length == 0 || ((iova | phys | length) & (smallest - 1)) != 0) {
            throw new VfioException(Errno.EINVAL, "misaligned map");
        }
        long last = iova + (length - 1);
        if (Long.compareUnsigned(iova, hardware.apertureStart) < 0
                || Long.compareUnsigned(last, hardware.apertureEnd) > 0) {
            throw new VfioException(Errno.ERANGE, "beyond the aperture");
        }
        Map.Entry<Long, Piece> below = pieces.floorEntry(key(last));
        if (below != null && Long.compareUnsigned(end(below.getValue()), iova) >= 0) {
            throw new VfioException(Errno.EADDRINUSE, "mapped already");
        }
        pieces.put(key(iova), new Piece(iova, phys, length, protection));
        mapCalls++;
        events.add("map");
    }

    @Override
    public synchronized long unmap(long iova, long length) {
        requireUsable();
        events.add("unmap " + hardware.name);
        long done = 0;
        while (done != length) {
            Piece piece = pieces.get(key(iova + done));
            if (piece == null) {
                break;
            }
            if (Long.compareUnsigned(piece.length, length - done) > 0) {
                throw new IllegalStateException("unmap cuts a piece");
            }
            pieces.remove(key(iova + done));
            done += piece.length;
        }
        return done;
    }

    @Override
    public synchronized long iovaToPhys(long iova) {
        Map.Entry<Long, Piece> below = pieces.floorEntry(key(iova));
        if (below == null || Long.compareUnsigned(end(below.getValue()), iova) < 0) {
            return 0;
        }
        return below.getValue().phys + (iova - below.getValue().iova);
    }

    @Override
    public void forEachRun(long iova, long length, MappedRunSink sink) {
        throw new UnsupportedOperationException("type1 keeps the runs itself");
    }

    @Override
    public void setDirtyTracking(boolean enabled) {
        throw new UnsupportedOperationException("type1 does not use hardware dirty tracking");
    }

    @Override
    public void readDirty(long iova, long length, boolean clear, DirtySink sink) {
        throw new UnsupportedOperationException("type1 does not use hardware dirty tracking");
    }

    @Override
    public synchronized void reserveMsiWindow(long base) {
        faults.step("reserve window");
        Errno failure = hardware.msiFailure;
        if (failure != null) {
            throw new VfioException(failure, "made to fail");
        }
        msiWindows.add(base);
    }

    @Override
    public synchronized void free() {
        requireUsable();
        if (attached != 0) {
            throw new IllegalStateException("freed with " + attached + " groups attached");
        }
        freed = true;
    }

    synchronized boolean isFreed() {
        return freed;
    }

    synchronized int mapCalls() {
        return mapCalls;
    }

    synchronized List<Piece> pieces() {
        return List.copyOf(pieces.values());
    }

    synchronized List<Long> msiWindows() {
        return List.copyOf(msiWindows);
    }

    private void requireUsable() {
        if (freed) {
            throw new IllegalStateException("domain is freed");
        }
    }

    private static long end(Piece piece) {
        return piece.iova + (piece.length - 1);
    }

    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }

    /** What a domain can do; shared by the domains of one group. */
    static final class FakeHardware {
        final String name;
        Object driver = "driver";
        long pageSizes = 0x40201000L;
        long apertureStart = 0;
        long apertureEnd = (1L << 48) - 1;
        boolean coherent = true;
        /** Successful maps until one fails; negative for never. */
        int mapsUntilFailure = -1;

        Errno mapFailure = Errno.ENOMEM;

        @Nullable
        Errno msiFailure;

        FakeHardware(String name) {
            this.name = name;
        }
    }
}
