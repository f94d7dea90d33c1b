// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;

class ContainerFileTest {
    private static final int UNKNOWN = 0x3bff;

    private final CoreWorld world = Worlds.start(machine -> {
        machine.device("dev-1", machine.group(1));
        machine.device("dev-2", machine.group(2));
    });
    private final RawCalls calls = world.caller();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec({"C-001", "C-002", "C-003", "C-017"})
    void shouldAnswerAsAFreshContainer() {
        int container = calls.container();
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_GET_API_VERSION, 0)).isZero();
        refused(Errno.EINVAL, () -> calls.setIommu(container, 3));
        refused(Errno.EINVAL, () -> calls.ioctl(container, UNKNOWN, 0));
        refused(Errno.EINVAL, () -> calls.ioctl(container, VfioIoctl.VFIO_IOMMU_GET_INFO, 0));
        refused(Errno.EINVAL, () -> calls.process().read(container, calls.page().address(), 1));
        refused(
                Errno.EINVAL,
                () -> calls.process().write(container, calls.page().address(), 1));
        refused(Errno.ENODEV, () -> calls.process().mmap(container, 0, 4096, 1, true));
        assertThat(calls.process().poll(container)).isEqualTo(5);
    }

    @Test
    @Spec("C-004")
    void shouldAskEveryBackendForAnExtensionWhileThereIsNone() {
        int container = calls.container();
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 9)).isEqualTo(1);
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 5))
                .as("known to the older backend only")
                .isEqualTo(1);
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 77)).isZero();
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, (1L << 32) + 9))
                .as("a number that only looks like 9 in 32 bits")
                .isZero();
    }

    @Test
    void shouldLetOnlyTheChosenBackendAnswerOnceThereIsOne() {
        int container = calls.container();
        calls.setContainer(calls.open("/dev/vfio/1"), container);
        calls.setIommu(container, 3);
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 9)).isEqualTo(1);
        assertThat(calls.ioctl(container, VfioIoctl.VFIO_CHECK_EXTENSION, 5)).isZero();
    }

    @Test
    @Spec({"C-005", "C-006", "C-007"})
    void shouldAnswerTheLastRefusalWhenNoBackendTakesAType() {
        int container = calls.container();
        calls.setContainer(calls.open("/dev/vfio/1"), container);
        refused(Errno.ENODEV, () -> calls.setIommu(container, 99));
        refused(Errno.ENODEV, () -> calls.setIommu(container, 8));
        refused(Errno.EINVAL, () -> calls.setIommu(container, 9));
        calls.setIommu(container, 3);
        assertThat(world.backend.live).hasValue(1);
    }

    @Test
    @Spec("C-008")
    void shouldRefuseASecondBackendAndPassUnknownCallsOn() {
        int container = calls.container();
        calls.setContainer(calls.open("/dev/vfio/1"), container);
        calls.setIommu(container, 3);
        refused(Errno.EINVAL, () -> calls.setIommu(container, 3));
        refused(Errno.ENOTTY, () -> calls.ioctl(container, UNKNOWN, 0));
    }

    @Test
    @Spec("C-009")
    void shouldDetachTheGroupsDoneWhenOneIsRefused() {
        int container = calls.container();
        calls.setContainer(calls.open("/dev/vfio/1"), container);
        calls.setContainer(calls.open("/dev/vfio/2"), container);
        world.backend.refusedGroup = 1;
        refused(Errno.ENOMEM, () -> calls.setIommu(container, 3));
        assertThat(world.backend.groupCalls)
                .as("newest group first, then undone")
                .containsExactly("+2", "-2");
        assertThat(world.backend.live).hasValue(0);
        refused(Errno.EINVAL, () -> calls.ioctl(container, UNKNOWN, 0));
    }

    @Test
    @Spec({"C-010", "C-028"})
    void shouldAttachALateGroupAtOnceOrLeaveItAsItWas() {
        int container = calls.container();
        calls.setContainer(calls.open("/dev/vfio/1"), container);
        calls.setIommu(container, 3);
        int late = calls.open("/dev/vfio/2");
        world.backend.refusedGroup = 2;
        refused(Errno.ENOMEM, () -> calls.setContainer(late, container));
        assertThat(calls.status(late)).as("viable again").isEqualTo(1);
        world.backend.refusedGroup = -1;
        calls.setContainer(late, container);
        assertThat(world.backend.groupCalls).containsExactly("+1", "+2");
        assertThat(calls.deviceFd(late, "dev-2")).isPositive();
    }

    @Test
    @Spec("C-011")
    void shouldBeFreshAgainOnceTheLastGroupLeft() {
        int container = calls.container();
        int group = calls.open("/dev/vfio/1");
        calls.setContainer(group, container);
        calls.setIommu(container, 3);
        calls.unsetContainer(group);
        assertThat(world.backend.live).hasValue(0);
        refused(Errno.EINVAL, () -> calls.ioctl(container, UNKNOWN, 0));
        calls.setContainer(group, container);
        calls.setIommu(container, 2);
        assertThat(world.olderBackend.live).hasValue(1);
    }

    @Test
    @Spec("C-012")
    void shouldOutliveItsFileWhileAGroupIsAttached() {
        int group = calls.groupWithContainer("/dev/vfio/1", 3);
        assertThat(calls.deviceFd(group, "dev-1")).isPositive();
    }

    @Test
    @Spec("C-015")
    void shouldNotOfferTheNoIommuTypeOutsideTheUnsafeMode() {
        assertThat(calls.ioctl(calls.container(), VfioIoctl.VFIO_CHECK_EXTENSION, 8))
                .isZero();
    }

    @Test
    @Spec("C-156")
    void shouldNeverReachAReleasedInstanceWhenTheLastGroupLeavesDuringACall() throws Exception {
        int container = calls.container();
        int group = calls.open("/dev/vfio/1");
        calls.setContainer(group, container);
        calls.setIommu(container, 3);
        var inside = new CountDownLatch(1);
        var detached = new CountDownLatch(1);
        world.backend.duringIoctl = () -> {
            inside.countDown();
            awaitQuietly(detached);
        };
        try (var threads = Executors.newSingleThreadExecutor()) {
            var running = threads.submit(() -> refused(Errno.ENOTTY, () -> calls.ioctl(container, UNKNOWN, 0)));
            inside.await();
            calls.unsetContainer(group);
            refused(Errno.EINVAL, () -> calls.ioctl(container, UNKNOWN, 0));
            assertThat(world.backend.live).as("the running call still holds it").hasValue(1);
            detached.countDown();
            running.get();
        }
        assertThat(world.backend.live).hasValue(0);
        assertThat(world.backend.violations).isEmpty();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
