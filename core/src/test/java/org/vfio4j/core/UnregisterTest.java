// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.VfioOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** The period of requests is an hour here: whoever waits for it instead of the wake-up runs into the time limit. */
@Timeout(60)
class UnregisterTest {
    private static final String NODE = "/dev/vfio/devices/vfio0";
    private static final String GROUP = "/dev/vfio/1";

    private final CoreWorld world = Worlds.start(UnregisterTest::build, VfioOptions.defaults(), Duration.ofHours(1));
    private final RawCalls calls = world.caller();
    private final FakeDevice device =
            (FakeDevice) world.machine.buses().getFirst().devices().getFirst();
    private final FakeOps ops = world.ops(device);

    private static void build(FakeMachine machine) {
        machine.device("dev-a", machine.group(1));
    }

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    private Thread unbinding() throws InterruptedException {
        var thread = new Thread(() -> world.vfio().unbind("dev-a"), "unbinding");
        thread.start();
        ops.awaitRequests(1);
        return thread;
    }

    private static void ended(Thread thread) throws InterruptedException {
        assertThat(thread.join(Duration.ofSeconds(30)))
                .as("the unregistration was woken up")
                .isTrue();
    }

    @Test
    @Spec("C-122")
    void shouldReturnAtOnceWithoutUsers() {
        world.vfio().unbind("dev-a");
        assertThat(ops.requests).isEmpty();
        assertThat(ops.released).isTrue();
        refused(Errno.ENOENT, () -> calls.open(NODE));
        refused(Errno.ENOENT, () -> calls.open(GROUP));
    }

    @Test
    @Spec({"C-123", "C-151"})
    void shouldWaitForAParkedFileAndBeWokenByItsClose() throws InterruptedException {
        int parked = calls.open(NODE);
        var thread = unbinding();
        assertThat(thread.isAlive()).isTrue();
        calls.close(parked);
        ended(thread);
        assertThat(ops.requests).containsExactly(0);
    }

    @Test
    @Spec("C-124")
    void shouldAskAgainAndAgain() throws InterruptedException {
        try (var impatient = Worlds.start(UnregisterTest::build, VfioOptions.defaults(), Duration.ofMillis(5))) {
            var asked = impatient.driver.ops(
                    impatient.machine.buses().getFirst().devices().getFirst());
            var user = impatient.caller();
            int parked = user.open(NODE);
            var thread = new Thread(() -> impatient.vfio().unbind("dev-a"), "unbinding");
            thread.start();
            asked.awaitRequests(3);
            user.close(parked);
            ended(thread);
            assertThat(asked.requests.subList(0, 3)).containsExactly(0, 1, 2);
        }
    }

    @Test
    void shouldOpenANodeThatWasFoundBeforeAsLongAsSomebodyUsesTheDevice() throws InterruptedException {
        var node = (VirtualTree.Device) world.vfio().tree().find(NODE).orElseThrow();
        var caller = (Caller) calls.process();
        int parked = calls.open(NODE);
        var thread = unbinding();
        var again = node.open(caller);
        calls.close(parked);
        assertThat(thread.isAlive()).as("the second file is waited for").isTrue();
        again.close();
        ended(thread);
        refused(Errno.ENODEV, () -> node.open(caller));
    }

    @Test
    @Spec("C-125")
    void shouldLetExistingFilesWorkMeanwhile() throws InterruptedException {
        int parked = calls.open(NODE);
        var thread = unbinding();
        refused(Errno.ENOENT, () -> calls.open(NODE));
        int group = calls.open(GROUP);
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-a"));
        calls.close(group);
        assertThat(calls.bind(parked, calls.iommufd())).isPositive();
        assertThat(calls.process().pread(parked, calls.page().address(), 4, 0x1000))
                .isEqualTo(4);
        calls.close(parked);
        ended(thread);
        assertThat(ops.violations).isEmpty();
    }

    @Test
    @Spec("C-126")
    void shouldNotBeInterrupted() throws InterruptedException {
        int parked = calls.open(NODE);
        var thread = unbinding();
        thread.interrupt();
        ops.awaitRequests(1);
        thread.interrupt();
        assertThat(ops.released).isFalse();
        calls.close(parked);
        ended(thread);
        assertThat(ops.released).isTrue();
    }

    @Test
    @Spec("C-127")
    void shouldRevokeTheGroupUnderAnOpenFile() {
        int container = calls.container();
        int group = calls.open(GROUP);
        calls.setContainer(group, container);
        calls.setIommu(container, 3);
        world.vfio().unbind("dev-a");
        assertThat(world.backend.live).as("the container lost its backend").hasValue(0);
        refused(Errno.ENODEV, () -> calls.status(group));
        refused(Errno.ENODEV, () -> calls.setContainer(group, container));
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-a"));
        refused(Errno.EINVAL, () -> calls.unsetContainer(group));
    }

    @Test
    @Spec("C-128")
    void shouldKeepTheIommufdOfARevokedGroupUntilItIsUnset() {
        int iommufd = calls.iommufd();
        int group = calls.open(GROUP);
        calls.setContainer(group, iommufd);
        world.vfio().unbind("dev-a");
        refused(Errno.EINVAL, () -> calls.setContainer(group, iommufd));
        calls.unsetContainer(group);
        refused(Errno.EINVAL, () -> calls.unsetContainer(group));
        refused(Errno.ENODEV, () -> calls.setContainer(group, iommufd));
    }

    @Test
    @Spec("C-129")
    void shouldLeaveASiblingAlone() {
        try (var pair = Worlds.start(machine -> {
            var group = machine.group(1);
            machine.device("dev-a", group);
            machine.device("dev-b", group);
        })) {
            var user = pair.caller();
            int group = user.groupWithContainer(GROUP, 3);
            pair.vfio().unbind("dev-a");
            assertThat(user.status(group)).isEqualTo(3);
            assertThat(user.deviceFd(group, "dev-b")).isPositive();
        }
    }
}
