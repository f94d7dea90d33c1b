// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDevice;
import org.vfio4j.core.fixture.FakeGroup;
import org.vfio4j.core.fixture.FakeMachine;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioGroupStatus;

class GroupFileTest {
    private static final String GROUP = "/dev/vfio/1";

    private final CoreWorld world = Worlds.start(GroupFileTest::build);
    private final RawCalls calls = world.caller();
    private final FakeDevice first = world.machine.find("dev-a");
    private final FakeDevice second = world.machine.find("dev-b");
    private final FakeGroup pair = world.machine.findGroup(1);

    private static void build(FakeMachine machine) {
        var group = machine.group(1);
        machine.device("dev-a", group);
        machine.device("dev-b", group);
        machine.device("dev-x", machine.group(2));
    }

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec("C-019")
    void shouldHaveOneOpenFileAtMost() {
        int group = calls.open(GROUP);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        refused(Errno.EBUSY, () -> world.caller().open(GROUP));
        int again = calls.process().dup(group);
        calls.close(group);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        calls.close(again);
        calls.close(calls.open(GROUP));
        refused(Errno.ENOENT, () -> calls.open("/dev/vfio/7"));
    }

    @Test
    @Spec({"C-020", "C-021"})
    void shouldReportItsStatus() {
        int group = calls.open(GROUP);
        refused(Errno.EFAULT, () -> calls.ioctl(group, VfioIoctl.VFIO_GROUP_GET_STATUS, RawCalls.NOWHERE));
        VfioGroupStatus.argsz(calls.page(), 7);
        refused(
                Errno.EINVAL,
                () -> calls.ioctl(
                        group, VfioIoctl.VFIO_GROUP_GET_STATUS, calls.page().address()));
        VfioGroupStatus.argsz(calls.page(), 4096);
        calls.ioctl(group, VfioIoctl.VFIO_GROUP_GET_STATUS, calls.page().address());
        assertThat(VfioGroupStatus.argsz(calls.page())).isEqualTo(4096);
        assertThat(VfioGroupStatus.flags(calls.page())).isEqualTo(1);
        calls.setContainer(group, calls.container());
        assertThat(calls.status(group)).isEqualTo(3);
    }

    @Test
    @Spec({"C-021", "C-024", "C-083"})
    void shouldNotBeViableWhileANativeDriverHasASibling() {
        world.vfio().unbind("dev-b");
        world.vfio().bind("dev-b", FakeMachine.NATIVE_DRIVER);
        int group = calls.open(GROUP);
        assertThat(calls.status(group)).isZero();
        int container = calls.container();
        refused(Errno.EPERM, () -> calls.setContainer(group, container));
        assertThat(calls.status(group)).isZero();
        world.vfio().unbind("dev-b");
        calls.setContainer(group, container);
        refused(Errno.EBUSY, () -> world.vfio().bind("dev-b", FakeMachine.NATIVE_DRIVER));
        calls.unsetContainer(group);
        world.vfio().bind("dev-b", FakeMachine.NATIVE_DRIVER);
        world.vfio().unbind("dev-b");
    }

    @Test
    @Spec({"C-022", "C-023"})
    void shouldLookTheDescriptorUpBeforeItsOwnStateAndItsKindAfterwards() {
        int group = calls.open(GROUP);
        refused(Errno.EFAULT, () -> calls.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, RawCalls.NOWHERE));
        refused(Errno.EBADF, () -> calls.setContainer(group, -1));
        refused(Errno.EBADF, () -> calls.setContainer(group, 999));
        refused(Errno.EBADFD, () -> calls.setContainer(group, calls.process().eventfd(0)));
        refused(Errno.EBADFD, () -> calls.setContainer(group, group));
        calls.setContainer(group, calls.container());
        refused(Errno.EINVAL, () -> calls.setContainer(group, calls.container()));
        refused(Errno.EINVAL, () -> calls.setContainer(group, group));
        refused(Errno.EBADF, () -> calls.setContainer(group, 999));
    }

    @Test
    @Spec({"C-025", "C-027"})
    void shouldRefuseWhatItDoesNotHave() {
        int group = calls.open(GROUP);
        refused(Errno.EINVAL, () -> calls.unsetContainer(group));
        refused(Errno.ENOTTY, () -> calls.ioctl(group, VfioIoctl.VFIO_DEVICE_GET_INFO, 0));
        refused(Errno.ENOTTY, () -> calls.ioctl(group, 0x3bff, 0));
    }

    @Test
    @Spec({"C-026", "C-038", "C-079"})
    void shouldShareOneOpenBetweenFiles() {
        int group = calls.groupWithContainer(GROUP, 3);
        int one = calls.deviceFd(group, "dev-a");
        int two = calls.deviceFd(group, "dev-a");
        assertThat(world.ops(first).opens).hasValue(1);
        refused(Errno.ENOTTY, () -> calls.ioctl(one, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0));
        refused(Errno.EBUSY, () -> calls.unsetContainer(group));
        calls.close(one);
        assertThat(world.ops(first).closes).hasValue(0);
        refused(Errno.EBUSY, () -> calls.unsetContainer(group));
        assertThat(calls.process().pread(two, calls.page().address(), 4, 0x1000))
                .isEqualTo(4);
        calls.close(two);
        assertThat(world.ops(first).closes).hasValue(1);
        calls.unsetContainer(group);
    }

    @Test
    @Spec("C-029")
    void shouldStayOpenWhileADeviceIsOpenThroughAContainer() {
        int group = calls.groupWithContainer(GROUP, 3);
        int device = calls.deviceFd(group, "dev-a");
        calls.close(group);
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        calls.close(device);
        calls.close(calls.open(GROUP));
    }

    @Test
    @Spec({"C-030", "C-031", "C-032", "C-036"})
    void shouldMatchTheNameBeforeItLooksAtAnyState() {
        int group = calls.open(GROUP);
        refused(Errno.EFAULT, () -> calls.ioctl(group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, RawCalls.NOWHERE));
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-none"));
        refused(Errno.EINVAL, () -> calls.deviceFd(group, "dev-a"));
        refused(Errno.ENODEV, () -> calls.deviceFd(group, ""));
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "x".repeat(4095)));
        refused(Errno.EINVAL, () -> calls.deviceFd(group, "x".repeat(4096)));
        int container = calls.container();
        calls.setContainer(group, container);
        refused(Errno.EINVAL, () -> calls.deviceFd(group, "dev-a"));
        calls.setContainer(calls.open("/dev/vfio/2"), container);
        calls.setIommu(container, 3);
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-x"));
        assertThat(calls.deviceFd(group, "dev-a")).isPositive();
    }

    @Test
    @Spec("C-033")
    void shouldReserveTheDescriptorAfterTheNameAndBeforeTheState() {
        var few = world.caller(new ProcessOptions(0, EnumSet.allOf(Capability.class), Long.MAX_VALUE, 2));
        int group = few.open(GROUP);
        few.container();
        refused(Errno.EMFILE, () -> few.deviceFd(group, "dev-a"));
        refused(Errno.ENODEV, () -> few.deviceFd(group, "dev-none"));
    }

    @Test
    @Spec({"C-034", "C-035"})
    void shouldLetADriverMatchNamesOrAbort() {
        int group = calls.groupWithContainer(GROUP, 3);
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-a x=1"));
        world.ops(first).nameMatch = name -> name.startsWith("dev-a");
        assertThat(calls.deviceFd(group, "dev-a x=1")).isPositive();
        world.ops(second).nameMatch = name -> {
            throw new VfioException(Errno.EACCES, "no");
        };
        refused(Errno.EACCES, () -> calls.deviceFd(group, "dev-a"));
    }

    @Test
    @Spec("C-037")
    void shouldReachTheDriverAtAnyPosition() {
        int group = calls.groupWithContainer(GROUP, 3);
        int device = calls.deviceFd(group, "dev-a");
        calls.page().set(UapiLayouts.U32, 0, 0x12345678);
        assertThat(calls.process().pwrite(device, calls.page().address(), 4, 0x1008))
                .isEqualTo(4);
        calls.page().set(UapiLayouts.U32, 0, 0);
        assertThat(calls.process().pread(device, calls.page().address(), 4, 0x1008))
                .isEqualTo(4);
        assertThat(calls.page().get(UapiLayouts.U32, 0)).isEqualTo(0x12345678);
    }

    @Test
    @Spec({"C-043", "C-045"})
    void shouldLetGoOfAnIommufdWhileADeviceIsOpen() {
        int iommufd = calls.iommufd();
        int group = calls.open(GROUP);
        calls.setContainer(group, iommufd);
        int device = calls.deviceFd(group, "dev-a");
        calls.unsetContainer(group);
        assertThat(calls.process().pread(device, calls.page().address(), 4, 0x1000))
                .isEqualTo(4);
        refused(Errno.EINVAL, () -> calls.unsetContainer(group));
        refused(Errno.EINVAL, () -> calls.deviceFd(group, "dev-a"));
    }

    @Test
    @Spec({"C-046", "C-047"})
    void shouldShareADeviceLeftOpenThroughAnotherIommufd() {
        int group = calls.open(GROUP);
        calls.setContainer(group, calls.iommufd());
        int device = calls.deviceFd(group, "dev-a");
        calls.close(group);
        int again = calls.open(GROUP);
        assertThat(calls.status(again)).as("owned, no container").isZero();
        refused(Errno.EPERM, () -> calls.setContainer(again, calls.container()));
        calls.setContainer(again, calls.iommufd());
        int shared = calls.deviceFd(again, "dev-a");
        assertThat(world.ops(first).opens).hasValue(1);
        refused(Errno.EPERM, () -> calls.deviceFd(again, "dev-b"));
        calls.close(device);
        calls.close(shared);
        assertThat(pair.ownerCount()).isZero();
    }

    @Test
    @Spec("C-044")
    void shouldFindOutAboutViabilityAtTheDeviceWithAnIommufd() {
        world.vfio().unbind("dev-b");
        world.vfio().bind("dev-b", FakeMachine.NATIVE_DRIVER);
        int group = calls.open(GROUP);
        calls.setContainer(group, calls.iommufd());
        assertThat(calls.status(group)).isEqualTo(3);
        refused(Errno.EPERM, () -> calls.deviceFd(group, "dev-a"));
        world.vfio().unbind("dev-b");
    }

    @Test
    @Spec("C-048")
    void shouldCloseTheDeviceAgainWhenThereIsNoCompatIoas() {
        int group = calls.open(GROUP);
        calls.setContainer(group, calls.iommufd());
        world.iommufd.contexts.getFirst().clearCompat();
        refused(Errno.ENODEV, () -> calls.deviceFd(group, "dev-a"));
        assertThat(world.ops(first).opens).hasValue(1);
        assertThat(world.ops(first).closes).hasValue(1);
        assertThat(pair.ownerCount()).isZero();
    }
}
