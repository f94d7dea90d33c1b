// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.opentest4j.TestAbortedException;
import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.DmaSpace;
import org.vfio4j.Vfio;
import org.vfio4j.exercise.DeviceExercise;

/** Makes a device read and write memory, and tells whether the IOMMU let it. */
final class DataMover implements AutoCloseable {
    private static final long LEAST = 1L << 20;

    private final Vfio vfio;
    private final Device device;
    private final DeviceExercise.Session session;

    private DataMover(Vfio vfio, Device device, DeviceExercise.Session session) {
        this.vfio = vfio;
        this.device = device;
        this.session = session;
    }

    /** Prepares an open device; the test is skipped when no {@link DeviceExercise} drives it. */
    static DataMover of(Vfio vfio, Device device) {
        var view = vfio.device(device.name());
        var exercise = exercise(view);
        Assumptions.assumeTrue(
                exercise.isPresent(),
                () -> "no DeviceExercise drives " + view.name() + " (" + view.description() + ")");
        return new DataMover(vfio, device, exercise.orElseThrow().start(device));
    }

    /** Whether some {@link DeviceExercise} drives a device. */
    static boolean drives(DeviceView device) {
        return exercise(device).isPresent();
    }

    private static Optional<DeviceExercise> exercise(DeviceView device) {
        return ServiceLoader.load(DeviceExercise.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.drives(device))
                .findFirst();
    }

    /** Most bytes of one transfer. */
    int most() {
        return session.maxTransfer();
    }

    /** Lowest address that is allowed, aligned and in the device's reach; the test is skipped when there is none. */
    long iova(DmaSpace dma, long length) {
        return iova(dma, length, session.addressLimit());
    }

    static long iova(DmaSpace dma, long length, long limit) {
        var ranges = dma.limits().ranges();
        long align = Math.max(
                Long.highestOneBit(length * 2 - 1),
                Long.lowestOneBit(dma.limits().pageSizes()));
        if (ranges.isEmpty()) {
            return LEAST;
        }
        for (var range : ranges) {
            long start = (Math.max(range.start(), LEAST) + align - 1) & -align;
            if (Long.compareUnsigned(start + length - 1, range.last()) <= 0 && start + length <= limit) {
                return start;
            }
        }
        throw new TestAbortedException("no usable I/O address below what the device can reach");
    }

    /** Whether the device could read memory. */
    boolean reads(long iova, int length) throws InterruptedException {
        int faults = vfio.faults().size();
        return session.fromMemory(iova, length) && vfio.faults().size() == faults;
    }

    /** Whether the device could write memory. */
    boolean writes(long iova, int length) throws InterruptedException {
        int faults = vfio.faults().size();
        return session.toMemory(iova, length) && vfio.faults().size() == faults;
    }

    /** Requires that the device carries bytes from one place to another. */
    void assertCopies(long fromIova, MemorySegment from, long toIova, MemorySegment to) throws InterruptedException {
        int length = (int) Math.min(Math.min(from.byteSize(), to.byteSize()), most());
        fill(from.asSlice(0, length), fromIova);
        to.asSlice(0, length).fill((byte) 0x5a);
        assertThat(reads(fromIova, length))
                .as("%s reads %d mapped bytes at 0x%x; faults: %s", device.name(), length, fromIova, vfio.faults())
                .isTrue();
        assertThat(writes(toIova, length))
                .as("%s writes %d mapped bytes at 0x%x; faults: %s", device.name(), length, toIova, vfio.faults())
                .isTrue();
        assertThat(from.asSlice(0, length).mismatch(to.asSlice(0, length)))
                .as("first byte that the device carried wrongly")
                .isEqualTo(-1);
    }

    /** Requires that the device can neither read nor write at an address, and that memory stays as it is. */
    void assertRefused(long iova, int length, MemorySegment memory) throws InterruptedException {
        memory.fill((byte) 0x5a);
        assertThat(reads(iova, length))
                .as("%s reads at 0x%x, which it must not reach", device.name(), iova)
                .isFalse();
        assertThat(writes(iova, length))
                .as("%s writes at 0x%x, which it must not reach", device.name(), iova)
                .isFalse();
        for (long i = 0; i < memory.byteSize(); i++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).as("byte %d", i).isEqualTo((byte) 0x5a);
        }
    }

    private static void fill(MemorySegment memory, long seed) {
        var random = new SplittableRandom(seed);
        for (long i = 0; i < memory.byteSize(); i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
