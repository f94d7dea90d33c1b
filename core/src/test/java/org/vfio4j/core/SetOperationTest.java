// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Operations on whole sets, such as a hot reset. Spec: core OM-7. */
@Timeout(60)
class SetOperationTest {
    private final Object bus = new Object();
    private final CoreWorld world = Worlds.start(machine -> {
        var group = machine.group(1);
        machine.device("dev-a", group, bus);
        machine.device("dev-b", group, bus);
        machine.device("dev-c", group, bus);
    });
    private final DeviceSet set =
            world.ops(world.machine.find("dev-a")).vfioDevice().deviceSet();
    private final Map<String, ReentrantLock> memory =
            Map.of("dev-a", new ReentrantLock(), "dev-b", new ReentrantLock(), "dev-c", new ReentrantLock());
    private final List<String> steps = new ArrayList<>();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private ReentrantLock memoryOf(String device) {
        return Objects.requireNonNull(memory.get(device));
    }

    private final class Reset implements DeviceSet.SetOperation {
        private final Runnable check;
        private final Runnable perform;

        private Reset(Runnable check, Runnable perform) {
            this.check = check;
            this.perform = perform;
        }

        @Override
        public void check(List<VfioDevice> members) {
            steps.add("check " + members.size());
            check.run();
        }

        @Override
        public Lock memoryLock(VfioDevice member) {
            steps.add(member.busDevice().name());
            return memoryOf(member.busDevice().name());
        }

        @Override
        public void perform(List<VfioDevice> members) {
            steps.add("perform");
            perform.run();
        }
    }

    @Test
    @Spec("C-143")
    void shouldKeepMembersFromBeingOpenedUntilItIsDone() throws Exception {
        var calls = world.caller();
        int file = calls.open("/dev/vfio/devices/vfio1");
        int iommufd = calls.iommufd();
        var ops = world.ops(world.machine.find("dev-b"));
        var binding = new ArrayList<CompletableFuture<Integer>>();
        set.operate(new Reset(() -> binding.add(CompletableFuture.supplyAsync(() -> calls.bind(file, iommufd))), () -> {
            awaitBlocked();
            assertThat(ops.opens).as("opens during the operation").hasValue(0);
            memory.values()
                    .forEach(lock -> assertThat(lock.isHeldByCurrentThread()).isTrue());
        }));
        assertThat(binding.getFirst().get()).isPositive();
        assertThat(ops.opens).hasValue(1);
        assertThat(steps).containsExactly("check 3", "dev-a", "dev-b", "dev-c", "perform");
        assertThat(memory.values()).noneMatch(ReentrantLock::isLocked);
    }

    /** Until the opening thread waits for the set's lock. */
    private void awaitBlocked() {
        while (!set.lock().hasQueuedThreads()) {
            Thread.onSpinWait();
        }
    }

    @Test
    @Spec("C-143")
    void shouldBeBusyWhenAMembersMemoryIsInUse() throws Exception {
        var busy = memoryOf("dev-b");
        var held = CompletableFuture.runAsync(busy::lock);
        held.get();
        refused(Errno.EBUSY, () -> set.operate(new Reset(() -> {}, () -> {})));
        assertThat(steps).as("tried in the order of the list").containsExactly("check 3", "dev-a", "dev-b");
        assertThat(memoryOf("dev-a").isLocked()).as("given back").isFalse();
        assertThat(set.lock().isLocked()).isFalse();
    }

    @Test
    void shouldTakeNoMemoryLockWhenTheCheckRefuses() {
        refused(
                Errno.EINVAL,
                () -> set.operate(new Reset(
                        () -> {
                            throw new VfioException(Errno.EINVAL, "the user owns not all of them");
                        },
                        () -> {})));
        assertThat(steps).containsExactly("check 3");
        assertThat(set.lock().isLocked()).isFalse();
    }

    @Test
    void shouldGiveEverythingBackWhenItFails() {
        refused(
                Errno.EIO,
                () -> set.operate(new Reset(() -> {}, () -> {
                    throw new VfioException(Errno.EIO, "the bus does not come back");
                })));
        assertThat(memory.values()).noneMatch(ReentrantLock::isLocked);
        assertThat(set.lock().isLocked()).isFalse();
        RawCalls calls = world.caller();
        assertThat(calls.bind(calls.open("/dev/vfio/devices/vfio0"), calls.iommufd()))
                .isPositive();
    }
}
