// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt;

class CdevFileTest {
    private static final String NODE = "/dev/vfio/devices/vfio0";
    private static final String GROUP = "/dev/vfio/1";

    private final CoreWorld world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)));
    private final RawCalls calls = world.caller();

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec({"C-052", "C-053"})
    void shouldStartParked() {
        int file = calls.open(NODE);
        calls.open(NODE);
        calls.open(NODE);
        refused(Errno.EINVAL, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_GET_INFO, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> calls.ioctl(file, 0x3bff, 0));
        refused(Errno.EINVAL, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_FEATURE, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> calls.process().pread(file, calls.page().address(), 4, 0x1000));
        refused(Errno.EINVAL, () -> calls.process().pwrite(file, calls.page().address(), 4, 0x1000));
        refused(Errno.EINVAL, () -> calls.process().mmap(file, 0, 4096, 1, true));
        refused(Errno.ENOENT, () -> calls.open("/dev/vfio/devices/vfio1"));
    }

    @Test
    @Spec({"C-054", "C-055", "C-056", "C-057", "C-063"})
    void shouldCheckBindInTheKernelsOrderAndLeaveNothingBehind() {
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> calls.bind(file, iommufd, 15, 0));
        refused(Errno.EINVAL, () -> calls.bind(file, -1));
        refused(Errno.EINVAL, () -> calls.bind(file, iommufd, 24, 2));
        refused(Errno.EINVAL, () -> calls.bind(file, iommufd, 24, 1));
        refused(Errno.EBADF, () -> calls.bind(file, 999));
        refused(Errno.EBADFD, () -> calls.bind(file, calls.process().eventfd(0)));
        refused(Errno.EBADFD, () -> calls.bind(file, calls.container()));
        calls.page().set(UapiLayouts.U8, 40, (byte) 1);
        refused(Errno.E2BIG, () -> calls.bind(file, iommufd, 64, 0));
        calls.page().set(UapiLayouts.U8, 40, (byte) 0);
        calls.close(calls.open(GROUP));
        assertThat(calls.bind(file, iommufd, 64, 0)).isPositive();
        refused(Errno.EBUSY, () -> calls.open(GROUP));
    }

    @Test
    @Spec("C-058")
    void shouldCheckTheTokenBeforeTheDescriptor() {
        int file = calls.open(NODE);
        refused(Errno.EINVAL, () -> calls.bind(file, 999, 24, 1));
    }

    @Test
    @Spec({"C-056", "C-060"})
    void shouldBindForProgramsOfOlderHeaders() {
        int file = calls.open(NODE);
        assertThat(calls.bind(file, calls.iommufd(), 16, 0)).isPositive();
        assertThat(calls.process().pread(file, calls.page().address(), 4, 0x1000))
                .isEqualTo(4);
    }

    @Test
    @Spec({"C-059", "C-064"})
    void shouldExcludeTheGroupFile() {
        int file = calls.open(NODE);
        int group = calls.open(GROUP);
        refused(Errno.EBUSY, () -> calls.bind(file, 999));
        calls.close(group);
        calls.bind(file, calls.iommufd());
        refused(Errno.EBUSY, () -> calls.open(GROUP));
        int parked = calls.open(NODE);
        calls.close(file);
        calls.close(calls.open(GROUP));
        calls.close(parked);
    }

    @Test
    @Spec({"C-061", "C-062"})
    void shouldHaveOneBoundFileAtATime() {
        int one = calls.open(NODE);
        int two = calls.open(NODE);
        int iommufd = calls.iommufd();
        calls.bind(one, iommufd);
        refused(Errno.EINVAL, () -> calls.bind(one, iommufd));
        assertThat(VfioDeviceBindIommufd.outDevid(calls.page())).as("untouched").isEqualTo(-1);
        refused(Errno.EINVAL, () -> calls.bind(two, iommufd));
        calls.close(one);
        assertThat(calls.bind(two, iommufd)).isPositive();
    }

    @Test
    @Spec("C-065")
    void shouldUndoABindWhoseAnswerCannotBeDelivered() {
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        var readOnly = calls.process().allocate(4096);
        VfioDeviceBindIommufd.argsz(readOnly, 24);
        VfioDeviceBindIommufd.iommufd(readOnly, iommufd);
        calls.process().protect(readOnly, UapiProcess.PROT_READ);
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, readOnly.address()));
        assertThat(world.iommufd.contexts.getFirst().bound()).isZero();
        calls.close(calls.open(GROUP));
        assertThat(calls.bind(file, iommufd)).isPositive();
    }

    @Test
    @Spec({"C-066", "C-069"})
    void shouldKeepItsContextAndOutliveADuplicate() {
        int file = calls.open(NODE);
        int iommufd = calls.iommufd();
        calls.bind(file, iommufd);
        calls.close(iommufd);
        calls.close(calls.process().dup(file));
        assertThat(calls.process().pread(file, calls.page().address(), 4, 0x1000))
                .isEqualTo(4);
        assertThat(world.iommufd.live()).isEqualTo(1);
        calls.close(file);
        assertThat(world.iommufd.live()).isZero();
    }

    @Test
    @Spec("C-068")
    void shouldBindAReadOnlyFile() {
        int file = calls.process().open(NODE, UapiProcess.O_RDONLY);
        calls.bind(file, calls.iommufd());
        refused(Errno.EBADF, () -> calls.process().pwrite(file, calls.page().address(), 4, 0x1000));
    }

    @Test
    @Spec("C-070")
    void shouldRefuseToBindAFileOfTheGroupPath() {
        int group = calls.groupWithContainer(GROUP, 3);
        int file = calls.deviceFd(group, "dev-a");
        refused(Errno.EINVAL, () -> calls.bind(file, calls.iommufd()));
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, RawCalls.NOWHERE));
    }

    @Test
    @Spec({"C-071", "C-072", "C-075"})
    void shouldCheckAttachAndDetach() {
        int file = calls.open(NODE);
        calls.bind(file, calls.iommufd());
        int ioas = world.iommufd.contexts.getFirst().allocateIoas();
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> calls.attach(file, ioas, 11, 0));
        refused(Errno.EINVAL, () -> calls.attach(file, ioas, 16, 2));
        refused(Errno.ENOENT, () -> calls.attach(file, 9999, 12, 0));
        assertThat(calls.attach(file, ioas, 12, 0)).isEqualTo(ioas + 1000);
        VfioDeviceDetachIommufdPt.argsz(calls.page(), 7);
        VfioDeviceDetachIommufdPt.flags(calls.page(), 0);
        refused(Errno.EINVAL, () -> detach(file));
        VfioDeviceDetachIommufdPt.argsz(calls.page(), 8);
        assertThat(detach(file)).isZero();
        assertThat(detach(file)).isZero();
    }

    @Test
    @Spec("C-077")
    void shouldRefusePasidsBeforeItLooksAtTheirSize() {
        int file = calls.open(NODE);
        calls.bind(file, calls.iommufd());
        refused(Errno.EOPNOTSUPP, () -> calls.attach(file, 1, 12, 1));
        VfioDeviceDetachIommufdPt.argsz(calls.page(), 8);
        VfioDeviceDetachIommufdPt.flags(calls.page(), 1);
        refused(Errno.EOPNOTSUPP, () -> detach(file));
    }

    private long detach(int file) {
        return calls.ioctl(
                file, VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT, calls.page().address());
    }
}
