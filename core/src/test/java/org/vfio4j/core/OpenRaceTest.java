// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;

/** Callers that meet at a barrier and then do what must not happen together. */
@Timeout(120)
class OpenRaceTest {
    private static final int ROUNDS = 400;
    private static final String X = "/dev/vfio/devices/vfio0";
    private static final String GROUP = "/dev/vfio/1";

    private final Object sharedSet = new Object();
    private final CoreWorld world = Worlds.start(machine -> {
        var group = machine.group(1);
        machine.device("dev-x", group, sharedSet);
        machine.device("dev-y", machine.group(2), sharedSet);
    });
    private final ExecutorService threads = Executors.newFixedThreadPool(2);
    private final CyclicBarrier start = new CyclicBarrier(2);

    @AfterEach
    void close() {
        threads.close();
        for (var device : world.machine.buses().getFirst().devices()) {
            var ops = world.driver.ops(device);
            assertThat(ops.violations).isEmpty();
            assertThat(ops.closes.get()).isEqualTo(ops.opens.get());
        }
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec({"C-144", "C-146"})
    void shouldLetOneOfTwoBindsWin() throws Exception {
        var one = world.caller();
        var other = world.caller();
        for (int round = 0; round < ROUNDS; round++) {
            int first = one.open(X);
            int second = other.open(X);
            int firstContext = one.iommufd();
            int secondContext = other.iommufd();
            boolean firstWon = wins(() -> one.bind(first, firstContext), () -> other.bind(second, secondContext));
            var winner = firstWon ? one : other;
            var loser = firstWon ? other : one;
            winner.close(firstWon ? first : second);
            assertThat(loser.bind(firstWon ? second : first, firstWon ? secondContext : firstContext))
                    .as("the loser's file binds once the winner's is closed")
                    .isPositive();
            loser.close(firstWon ? second : first);
            one.close(firstContext);
            other.close(secondContext);
        }
        assertThat(world.driver.ops(world.machine.buses().getFirst().devices().getFirst()).opens)
                .hasValue(2 * ROUNDS);
    }

    /** Exactly one wins, the other one gets EINVAL. */
    private boolean wins(Callable<?> one, Callable<?> other) throws Exception {
        var outcomes = outcomes(one, other);
        assertThat(outcomes).containsExactlyInAnyOrder("ok", "EINVAL");
        return outcomes.getFirst().equals("ok");
    }

    private List<String> outcomes(Callable<?> one, Callable<?> other) throws Exception {
        List<Future<String>> results = new ArrayList<>();
        for (var call : List.of(one, other)) {
            results.add(threads.submit(() -> {
                start.await();
                try {
                    call.call();
                    return "ok";
                } catch (VfioException e) {
                    return e.errno().name();
                }
            }));
        }
        return List.of(results.get(0).get(), results.get(1).get());
    }

    @Test
    @Spec("C-147")
    void shouldNotLetAGroupOpenAndABindBothSucceed() throws Exception {
        var one = world.caller();
        var other = world.caller();
        int context = other.iommufd();
        for (int round = 0; round < ROUNDS; round++) {
            int file = other.open(X);
            int[] group = new int[1];
            var outcomes = outcomes(() -> group[0] = one.open(GROUP), () -> other.bind(file, context));
            assertThat(outcomes).containsExactlyInAnyOrder("ok", "EBUSY");
            if (outcomes.getFirst().equals("ok")) {
                one.close(group[0]);
            }
            other.close(file);
            one.close(one.open(GROUP));
        }
    }

    /**
     * The members are in different groups, so that nothing but the set's lock keeps them apart. Whoever is inside stays until
     * the other one waits for that lock, or is inside too.
     */
    @Test
    @Spec({"C-145", "M-032"})
    void shouldNotOpenOrCloseTwoMembersOfASetAtOnce() throws Exception {
        var one = world.caller();
        var other = world.caller();
        int group = one.groupWithContainer(GROUP, 3);
        int otherGroup = other.groupWithContainer("/dev/vfio/2", 3);
        var x = world.ops(world.machine.find("dev-x"));
        var y = world.ops(world.machine.find("dev-y"));
        var set = x.vfioDevice().deviceSet();
        var entered = new AtomicBoolean();
        y.insideOpenOrClose = () -> entered.set(true);
        x.insideOpenOrClose = () -> {
            while (!set.lock().hasQueuedThreads() && !entered.get()) {
                Thread.onSpinWait();
            }
        };
        assertThat(outcomes(() -> one.deviceFd(group, "dev-x"), () -> other.deviceFd(otherGroup, "dev-y")))
                .containsExactly("ok", "ok");
        assertThat(x.violations).isEmpty();
        assertThat(y.violations).isEmpty();
        one.process().close();
        other.process().close();
    }

    /** The name lies in memory that no other thread uses. */
    private static int deviceFdWithOwnName(RawCalls calls, int group, String device) {
        var name = calls.process().allocate(64);
        try {
            name.setString(0, device);
            return (int) calls.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, name.address());
        } finally {
            calls.process().free(name);
        }
    }

    @Test
    @Spec("C-144")
    void shouldCountSharersWhenTwoOpenAndCloseTheSameDevice() throws Exception {
        var one = world.caller();
        int group = one.groupWithContainer(GROUP, 3);
        for (int round = 0; round < ROUNDS; round++) {
            assertThat(outcomes(
                            () -> {
                                one.close(one.deviceFd(group, "dev-x"));
                                return 0;
                            },
                            () -> {
                                one.close(deviceFdWithOwnName(one, group, "dev-x"));
                                return 0;
                            }))
                    .containsExactly("ok", "ok");
        }
        one.close(group);
    }

    @Test
    @Spec("C-152")
    void shouldEitherOpenOrMissADeviceThatIsBeingUnregistered() throws Exception {
        for (int round = 0; round < 50; round++) {
            var one = world.caller();
            int group = one.groupWithContainer(GROUP, 3);
            var outcomes = outcomes(
                    () -> {
                        one.close(one.deviceFd(group, "dev-x"));
                        return 0;
                    },
                    () -> {
                        world.vfio().unbind("dev-x");
                        return 0;
                    });
            assertThat(outcomes.get(0)).isIn("ok", "ENODEV");
            assertThat(outcomes.get(1)).isEqualTo("ok");
            one.process().close();
            world.vfio().bind("dev-x", "vfio-fixture");
        }
    }
}
