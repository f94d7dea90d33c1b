// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.UapiProcess;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioMigration;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigState;

/** States of a device are set, it is reset, and its files are closed, all at the same time. */
@Timeout(120)
class MigrationRaceTest {
    private static final Duration TIME = Duration.ofSeconds(3);
    private static final String NODE = "/dev/vfio/devices/vfio0";
    private static final int STATE_SIZE = VfioDeviceFeature.SIZEOF + VfioDeviceFeatureMigState.SIZEOF;

    /** What calls may answer while others close, reset, and move the device elsewhere. */
    private static final Set<Errno> ORDINARY =
            EnumSet.of(Errno.EBADF, Errno.EINVAL, Errno.ENODEV, Errno.EBUSY, Errno.ENOTTY, Errno.EBADFD, Errno.ENOMSG);

    @Test
    @Spec("C-160")
    void shouldEndSessionsBeforeTheDeviceIsClosedAndNeverHang() throws InterruptedException {
        long seed = System.nanoTime();
        var random = new SplittableRandom(seed);
        var goOn = new AtomicBoolean(true);
        var world = new WatchedWorld(machine -> machine.device("a0", machine.group(1)), Duration.ofHours(1));
        var process = world.newProcess();
        var watchdog = new Watchdog();
        var sessions = new AtomicLong();
        // The lowest numbers: whatever device file is open has one of the first.
        for (int i = 0; i < 2; i++) {
            var opener = new Part(world, process, random.split(), goOn::get, Part::openBindAndClose);
            watchdog.start("opener " + i, opener, opener.calls);
            var mover = new Part(world, process, random.split(), goOn::get, part -> part.setState(sessions));
            watchdog.start("mover " + i, mover, mover.calls);
        }
        var resetter = new Part(world, process, random.split(), goOn::get, Part::reset);
        watchdog.start("resetter", resetter, resetter.calls);
        watchdog.watch(TIME);
        goOn.set(false);
        watchdog.awaitEnd();
        process.close();
        var ops = world.ops("a0");
        world.requireNothingHeld();
        assertThat(world.books.violations()).as("seed %d", seed).isEmpty();
        assertThat(sessions).as("sessions that were started, seed %d", seed).hasPositiveValue();
        assertThat(world.books.opens).as("first opens, seed %d", seed).hasPositiveValue();
        assertThat(ops.migration().sessions())
                .as("sessions left, seed %d", seed)
                .isZero();
        world.close();
    }

    /** A thread that does one thing again and again. */
    private static final class Part implements Runnable {
        private static final int[] STATES = {
            VfioMigration.VFIO_DEVICE_STATE_STOP,
            VfioMigration.VFIO_DEVICE_STATE_RUNNING,
            VfioMigration.VFIO_DEVICE_STATE_STOP_COPY,
            VfioMigration.VFIO_DEVICE_STATE_RESUMING,
            VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P,
            VfioMigration.VFIO_DEVICE_STATE_PRE_COPY,
            VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P
        };

        private final WatchedWorld world;
        private final UapiProcess process;
        private final MemorySegment page;
        private final SplittableRandom random;
        private final BooleanSupplier goOn;
        private final Consumer<Part> action;
        private final AtomicLong calls = new AtomicLong();

        private Part(
                WatchedWorld world,
                UapiProcess process,
                SplittableRandom random,
                BooleanSupplier goOn,
                Consumer<Part> action) {
            this.world = world;
            this.process = process;
            this.page = process.allocate(4096);
            this.random = random;
            this.goOn = goOn;
            this.action = action;
        }

        @Override
        public void run() {
            while (goOn.getAsBoolean()) {
                try {
                    action.accept(this);
                } catch (VfioException e) {
                    world.books.require(ORDINARY.contains(e.errno()), "a call was refused with " + e);
                } catch (RuntimeException e) {
                    world.books.violation("a call died of " + e);
                }
                calls.incrementAndGet();
            }
        }

        private int anyDescriptor() {
            return random.nextInt(8);
        }

        private void openBindAndClose() {
            int iommufd = process.open("/dev/iommu", UapiProcess.O_RDWR);
            try {
                int file = process.open(NODE, UapiProcess.O_RDWR);
                try {
                    VfioDeviceBindIommufd.argsz(page, VfioDeviceBindIommufd.SIZEOF);
                    VfioDeviceBindIommufd.flags(page, 0);
                    VfioDeviceBindIommufd.iommufd(page, iommufd);
                    process.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, page.address());
                    for (int i = 0; i < 100; i++) {
                        Thread.onSpinWait();
                    }
                } finally {
                    process.close(file);
                }
            } finally {
                process.close(iommufd);
            }
        }

        private void setState(AtomicLong sessions) {
            VfioDeviceFeature.argsz(page, STATE_SIZE);
            VfioDeviceFeature.flags(
                    page, VfioFeature.VFIO_DEVICE_FEATURE_SET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE);
            var state = page.asSlice(VfioDeviceFeature.DATA_OFFSET);
            VfioDeviceFeatureMigState.deviceState(state, STATES[random.nextInt(STATES.length)]);
            VfioDeviceFeatureMigState.dataFd(state, -1);
            process.ioctl(anyDescriptor(), VfioIoctl.VFIO_DEVICE_FEATURE, page.address());
            int data = VfioDeviceFeatureMigState.dataFd(state);
            if (data < 0) {
                return;
            }
            sessions.incrementAndGet();
            try {
                process.read(data, page.address(), 64);
            } finally {
                process.close(data);
            }
        }

        private void reset() {
            process.ioctl(anyDescriptor(), VfioIoctl.VFIO_DEVICE_RESET, 0);
        }
    }
}
