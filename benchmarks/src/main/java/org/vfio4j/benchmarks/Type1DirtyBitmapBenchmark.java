// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.VfioBitmap;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmap;
import org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmapGet;

/**
 * One GET_BITMAP over 64 GiB tracked in pages of 4 KiB, which reports and clears: 1 % of the pages, at random, were written
 * by a device since the last one. Target: 20 ms.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class Type1DirtyBitmapBenchmark {
    private static final long TRACKED = 64L << 30;
    private static final long PAGES = TRACKED / LiveMappings.PAGE;
    private static final int WRITTEN = (int) (PAGES / 100);

    /** How many mappings the 64 GiB are. */
    @Param({"1", "16384"})
    int mappings;

    private final SplittableRandom random = new SplittableRandom(1);
    private final MemorySegment one = MemorySegment.ofArray(new byte[1]);
    private Type1Instance instance;
    private MemorySegment argument;

    /** Maps, with tracking on. */
    @Setup
    public void open() {
        instance = new Type1Instance(TRACKED, GroupKind.EMULATED);
        long size = TRACKED / mappings;
        for (int i = 0; i < mappings; i++) {
            instance.container.mapDma(instance.user, LiveMappings.ACCESS, VastUser.MEMORY + i * size, i * size, size);
        }
        argument = instance.real.allocate(VfioIommuType1DirtyBitmap.DATA_OFFSET + VfioIommuType1DirtyBitmapGet.SIZEOF);
        VfioIommuType1DirtyBitmap.argsz(argument, VfioIommuType1DirtyBitmap.MIN_ARGSZ);
        VfioIommuType1DirtyBitmap.flags(argument, VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
        call();
        VfioIommuType1DirtyBitmap.argsz(argument, (int) argument.byteSize());
        VfioIommuType1DirtyBitmap.flags(argument, VfioType1.VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP);
        MemorySegment get = argument.asSlice(VfioIommuType1DirtyBitmap.DATA_OFFSET);
        VfioIommuType1DirtyBitmapGet.iova(get, 0);
        VfioIommuType1DirtyBitmapGet.size(get, TRACKED);
        MemorySegment bitmap = VfioIommuType1DirtyBitmapGet.bitmap(get);
        VfioBitmap.pgsize(bitmap, LiveMappings.PAGE);
        VfioBitmap.size(bitmap, PAGES / Byte.SIZE);
        VfioBitmap.data(bitmap, instance.real.allocate(PAGES / Byte.SIZE).address());
    }

    private long call() {
        return instance.container.ioctl(instance.user, VfioIoctl.VFIO_IOMMU_DIRTY_PAGES, argument.address());
    }

    /** Writes a byte into each of 1 % of the pages. */
    @Setup(Level.Invocation)
    public void write() {
        for (int i = 0; i < WRITTEN; i++) {
            instance.container.dmaRw(random.nextLong(PAGES) * LiveMappings.PAGE, one, true);
        }
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        instance.close();
    }

    /** Reports and clears. */
    @Benchmark
    public long readAndClear() {
        return call();
    }
}
