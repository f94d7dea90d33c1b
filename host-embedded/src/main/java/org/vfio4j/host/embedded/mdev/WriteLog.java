// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Records what a DMA engine writes to its user's memory, in one bit for each page of the ranges asked about. The pages are
 * as small as was asked for, but never so small that there are more than {@value #MAX_PAGES} of them. Thread-safe; marking
 * allocates nothing. Spec: core §13.
 */
final class WriteLog implements DmaLoggingOps {
    /** Smallest page in bytes. */
    static final long MIN_PAGE = 4096;

    /** Most pages over all ranges: 2 MiB of bits, 64 GiB of memory in smallest pages. */
    static final int MAX_PAGES = 1 << 24;

    /** Guards the record; a leaf. */
    private final ReentrantLock logLock = new ReentrantLock();

    /** Null while nothing is recorded. */
    private @Nullable List<Recorded> recorded;

    /** Log of the page size. */
    private int shift;

    /** A range and its bits; the first bit stands for the page that the first byte is in. */
    private static final class Recorded {
        private final DmaRange range;
        private final long[] bits;

        Recorded(DmaRange range, int shift) {
            this.range = range;
            this.bits = new long[(int) ((pages(range, shift) + 63) >>> 6)];
        }
    }

    @Override
    public long start(List<DmaRange> ranges, long pageSize) {
        if (Long.bitCount(pageSize) != 1) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DMA_LOGGING_START refused: page size " + Long.toUnsignedString(pageSize) + " is no power of two");
        }
        for (var range : ranges) {
            if (range.length() == 0) {
                throw new VfioException(
                        Errno.EINVAL,
                        "DMA_LOGGING_START refused: the range at 0x" + Long.toHexString(range.iova()) + " is empty");
            }
        }
        int chosen = Long.numberOfTrailingZeros(pageSize < 0 ? pageSize : Math.max(pageSize, MIN_PAGE));
        while (pages(ranges, chosen) > MAX_PAGES) {
            chosen++;
        }
        logLock.lock();
        try {
            if (recorded != null) {
                throw new VfioException(Errno.EINVAL, "DMA_LOGGING_START refused: writes are recorded already");
            }
            int resolution = chosen;
            recorded = ranges.stream()
                    .map(range -> new Recorded(range, resolution))
                    .toList();
            shift = chosen;
            return 1L << chosen;
        } finally {
            logLock.unlock();
        }
    }

    private static long pages(List<DmaRange> ranges, int shift) {
        long pages = 0;
        for (var range : ranges) {
            pages += pages(range, shift);
        }
        return pages;
    }

    private static long pages(DmaRange range, int shift) {
        return (range.last() >>> shift) - (range.iova() >>> shift) + 1;
    }

    @Override
    public void stop() {
        logLock.lock();
        try {
            recorded = null;
        } finally {
            logLock.unlock();
        }
    }

    /** Bytes were written, maybe; the write has ended, so that whoever hears of it finds what was written. */
    void written(long iova, long length) {
        logLock.lock();
        try {
            var ranges = recorded;
            if (ranges == null) {
                return;
            }
            long last = iova + length - 1;
            for (int i = 0; i < ranges.size(); i++) {
                mark(ranges.get(i), iova, last);
            }
        } finally {
            logLock.unlock();
        }
    }

    private void mark(Recorded log, long iova, long last) {
        long from = max(iova, log.range.iova());
        long to = min(last, log.range.last());
        if (Long.compareUnsigned(from, to) > 0) {
            return;
        }
        long base = log.range.iova() >>> shift;
        for (long page = (from >>> shift) - base; page <= (to >>> shift) - base; page++) {
            log.bits[(int) (page >>> 6)] |= 1L << page;
        }
    }

    @Override
    public void readAndClear(long iova, long length, DirtySink sink) {
        logLock.lock();
        try {
            var ranges = recorded;
            if (ranges == null) {
                throw new VfioException(Errno.EINVAL, "DMA_LOGGING_REPORT refused: no writes are recorded");
            }
            if (length == 0) {
                return;
            }
            for (var range : ranges) {
                report(range, iova, iova + length - 1, sink);
            }
        } finally {
            logLock.unlock();
        }
    }

    /** Reports pages that have bytes in a range. Those only partly in it stay in the record: the rest was not asked about. */
    private void report(Recorded log, long iova, long last, DirtySink sink) {
        long from = max(iova, log.range.iova());
        long to = min(last, log.range.last());
        if (Long.compareUnsigned(from, to) > 0) {
            return;
        }
        long base = log.range.iova() >>> shift;
        long lastPage = (to >>> shift) - base;
        long page = (from >>> shift) - base;
        while (page <= lastPage) {
            int word = (int) (page >>> 6);
            long left = log.bits[word] & (-1L << page);
            if (left == 0) {
                page = (word + 1L) << 6;
                continue;
            }
            page = ((long) word << 6) + Long.numberOfTrailingZeros(left);
            if (page > lastPage) {
                return;
            }
            long first = max((page + base) << shift, log.range.iova());
            long end = min(((page + base) << shift) + (1L << shift) - 1, log.range.last());
            sink.dirty(first, end - first + 1);
            if (Long.compareUnsigned(first, iova) >= 0 && Long.compareUnsigned(end, last) <= 0) {
                log.bits[word] &= ~(1L << page);
            }
            page++;
        }
    }

    private static long max(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    private static long min(long a, long b) {
        return Long.compareUnsigned(a, b) < 0 ? a : b;
    }
}
