// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.PAGE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Everything at once for a bounded number of steps: only expected refusals, and nothing left at the end. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StressTest {
    private static final int STEPS = 3000;

    @Test
    void shouldKeepItsInvariantsWhenMapsUnmapsAttachesAndPinsRace() throws Exception {
        try (Rig rig = new Rig()) {
            int ioas = rig.ioas();
            int other = rig.ioas();
            MemorySegment buffer = rig.memory.allocate(64 * PAGE);
            IommufdDevice[] devices = {rig.bind(rig.device()), rig.bind(rig.device())};
            var jobs = new ArrayList<Callable<Void>>();
            for (int worker = 0; worker < 2; worker++) {
                long seed = 100L + worker;
                jobs.add(() -> mapper(rig, ioas, buffer, seed));
            }
            for (IommufdDevice device : devices) {
                jobs.add(() -> attacher(device, ioas, other));
            }
            jobs.add(() -> pinner(rig, ioas));
            runAll(jobs);
            for (IommufdDevice device : devices) {
                device.unbind();
            }
            rig.context.unmap(ioas, 0, -1);
            rig.assertNothingPinned();
            assertThat(rig.ioas(ioas).users()).as("only listed").isEqualTo(1);
            assertThat(rig.ioas(other).users()).isEqualTo(1);
        }
    }

    private static Void mapper(Rig rig, int ioas, MemorySegment buffer, long seed) {
        var random = new SplittableRandom(seed);
        for (int step = 0; step < STEPS; step++) {
            long iova = (long) random.nextInt(64) * PAGE;
            long length = (1L + random.nextInt(4)) * PAGE;
            if (random.nextBoolean()) {
                long offset = (long) random.nextInt(60) * PAGE;
                expecting(EnumSet.of(Errno.EEXIST), () -> rig.map(ioas, buffer.asSlice(offset, length), iova));
            } else {
                expecting(EnumSet.of(Errno.ENOENT, Errno.EBUSY), () -> rig.context.unmap(ioas, iova, 8 * PAGE));
            }
        }
        return null;
    }

    private static Void attacher(IommufdDevice device, int ioas, int other) {
        for (int step = 0; step < STEPS / 10; step++) {
            device.attach(ioas);
            device.attach(other);
            device.attach(ioas);
            device.detach();
        }
        return null;
    }

    private static Void pinner(Rig rig, int ioas) {
        var random = new SplittableRandom(7);
        var client = new LettingGo(rig.context);
        IommufdAccess access = client.access;
        access.attach(ioas);
        for (int step = 0; step < STEPS; step++) {
            long iova = (long) random.nextInt(64) * PAGE;
            expecting(EnumSet.of(Errno.ENOENT, Errno.EINVAL), () -> client.pin(iova));
        }
        access.destroy();
        return null;
    }

    /** Holds at most one pin and gives it back whenever it is asked to. */
    private static final class LettingGo implements AccessClient {
        private final ReentrantLock heldLock = new ReentrantLock();
        private final IommufdAccess access;
        private long held = -1;

        LettingGo(Context context) {
            access = context.createAccess(this);
        }

        void pin(long iova) {
            heldLock.lock();
            try {
                if (held != -1) {
                    access.unpin(held, PAGE);
                    held = -1;
                }
                access.pin(iova, PAGE, true, (phys, length) -> {});
                held = iova;
            } finally {
                heldLock.unlock();
            }
        }

        @Override
        public boolean needsPinPages() {
            return true;
        }

        @Override
        public void dmaUnmap(long iova, long length) {
            heldLock.lock();
            try {
                if (held != -1 && Long.compareUnsigned(held - iova, length) < 0) {
                    access.unpin(held, PAGE);
                    held = -1;
                }
            } finally {
                heldLock.unlock();
            }
        }
    }

    @Test
    @Spec("I-032")
    void shouldDestroyWhileOthersUse() throws Exception {
        try (Rig rig = new Rig()) {
            var done = new AtomicBoolean();
            var jobs = new ArrayList<Callable<Void>>();
            jobs.add(() -> {
                try {
                    for (int step = 0; step < STEPS; step++) {
                        int id = rig.ioas();
                        boolean gone = false;
                        while (!gone) {
                            gone = expecting(EnumSet.of(Errno.EBUSY), () -> rig.context.destroy(id));
                        }
                    }
                } finally {
                    done.set(true);
                }
                return null;
            });
            jobs.add(() -> {
                while (!done.get()) {
                    expecting(EnumSet.of(Errno.ENOENT, Errno.EEXIST), () -> rig.mapBogus(1, 0x1000, PAGE));
                    expecting(EnumSet.of(Errno.ENOENT), () -> rig.context.limits(1));
                }
                return null;
            });
            runAll(jobs);
            assertThat(rig.context.objects().isEmpty()).isTrue();
        }
    }

    private static boolean expecting(Set<Errno> allowed, Runnable call) {
        try {
            call.run();
            return true;
        } catch (VfioException refused) {
            assertThat(refused.errno()).as(refused.getMessage()).isIn(allowed);
            return false;
        }
    }

    private static void runAll(List<Callable<Void>> jobs) throws Exception {
        try (var threads = Executors.newFixedThreadPool(jobs.size())) {
            for (Future<Void> result : threads.invokeAll(jobs)) {
                result.get();
            }
        }
    }
}
