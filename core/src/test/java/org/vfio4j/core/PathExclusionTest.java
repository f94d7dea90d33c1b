// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** The rows of core §7.1: device X is dev-x, its sibling Y is dev-y. */
class PathExclusionTest {
    private static final String GROUP = "/dev/vfio/1";
    private static final String X = "/dev/vfio/devices/vfio0";
    private static final String Y = "/dev/vfio/devices/vfio1";

    private final CoreWorld world = Worlds.start(machine -> {
        var group = machine.group(1);
        machine.device("dev-x", group);
        machine.device("dev-y", group);
    });
    private final RawCalls calls = world.caller();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    void shouldExcludeBothNodesWhileTheGroupFileIsOpen() {
        calls.open(GROUP);
        int iommufd = calls.iommufd();
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        refused(Errno.EBUSY, () -> calls.bind(calls.open(X), iommufd));
        refused(Errno.EBUSY, () -> calls.bind(calls.open(Y), iommufd));
    }

    @Test
    void shouldExcludeBothNodesWhileADevicePinsTheGroupFile() {
        int group = calls.groupWithContainer(GROUP, 3);
        calls.deviceFd(group, "dev-x");
        calls.close(group);
        int iommufd = calls.iommufd();
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        refused(Errno.EBUSY, () -> calls.bind(calls.open(X), iommufd));
        refused(Errno.EBUSY, () -> calls.bind(calls.open(Y), iommufd));
    }

    @Test
    void shouldLeaveTheSiblingToTheSameContextOnceTheGroupFileIsClosed() {
        int group = calls.open(GROUP);
        int iommufd = calls.iommufd();
        calls.setContainer(group, iommufd);
        calls.deviceFd(group, "dev-x");
        calls.close(group);
        refused(Errno.EINVAL, () -> calls.bind(calls.open(X), iommufd));
        int sibling = calls.open(Y);
        refused(Errno.EPERM, () -> calls.bind(sibling, calls.iommufd()));
        assertThat(calls.bind(sibling, iommufd)).isPositive();
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        calls.close(sibling);
        assertThat(calls.open(GROUP)).isPositive();
    }

    @Test
    void shouldNotExcludeAnythingWhileANodeIsOpenButUnbound() {
        int parked = calls.open(X);
        calls.close(calls.open(GROUP));
        int iommufd = calls.iommufd();
        int sibling = calls.open(Y);
        calls.bind(sibling, iommufd);
        assertThat(calls.bind(parked, iommufd)).isPositive();
    }

    @Test
    @Spec({"C-064", "C-082"})
    void shouldLeaveTheGroupToTheContextOfABoundNode() {
        int iommufd = calls.iommufd();
        calls.bind(calls.open(X), iommufd);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        refused(Errno.EINVAL, () -> calls.bind(calls.open(X), iommufd));
        refused(Errno.EPERM, () -> calls.bind(calls.open(Y), calls.iommufd()));
        calls.bind(calls.open(Y), iommufd);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
    }

    @Test
    @Spec({"C-083", "C-155"})
    void shouldKeepNativeDriversOutWhileANodeIsBound() {
        world.vfio().unbind("dev-y");
        int file = calls.open(X);
        calls.bind(file, calls.iommufd());
        refused(Errno.EBUSY, () -> world.vfio().bind("dev-y", FakeMachine.NATIVE_DRIVER));
        calls.close(file);
        world.vfio().bind("dev-y", FakeMachine.NATIVE_DRIVER);
        refused(Errno.EPERM, () -> calls.bind(calls.open(X), calls.iommufd()));
        world.vfio().unbind("dev-y");
    }
}
