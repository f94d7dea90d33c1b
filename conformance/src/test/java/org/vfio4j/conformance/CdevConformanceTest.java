// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceInfo;

/** The device's own file. Spec: core §5. */
class CdevConformanceTest extends UapiTestCase {
    private long bind(long device, int argsz, int flags, long iommufd) {
        var bind = program.argument(64);
        VfioDeviceBindIommufd.argsz(bind, argsz);
        VfioDeviceBindIommufd.flags(bind, flags);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind);
    }

    private long info(long device) {
        var info = program.argument(VfioDeviceInfo.SIZEOF);
        VfioDeviceInfo.argsz(info, VfioDeviceInfo.SIZEOF);
        return system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_INFO, info);
    }

    @Test
    @Spec({"C-052", "C-053"})
    void shouldDoNothingWhileParked() {
        long file = program.open(nodePath(EDU));
        program.open(nodePath(EDU));
        program.open(nodePath(EDU));
        var memory = system.memory(4096);
        refused("GET_INFO", info(file), Errno.EINVAL);
        refused("unknown", system.ioctl(file, 0x3bff, 0), Errno.EINVAL);
        refused("ATTACH", program.attach(file, 1), Errno.EINVAL);
        refused("RESET", system.ioctl(file, VfioIoctl.VFIO_DEVICE_RESET, 0), Errno.EINVAL);
        refused("read", system.read(file, memory), Errno.EINVAL);
        refused("write", system.write(file, memory), Errno.EINVAL);
        refused("mmap", system.mmap(file, 0, 4096), Errno.EINVAL);
    }

    @Test
    @Spec({"C-054", "C-055", "C-056"})
    void shouldCheckTheArgumentOfBind() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        refused("argsz 15", bind(file, 15, 0, iommufd), Errno.EINVAL);
        refused("NULL", system.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, 0), Errno.EFAULT);
        refused("iommufd -1", bind(file, 24, 0, -1), Errno.EINVAL);
        refused("iommufd 999", bind(file, 24, 0, 999), Errno.EBADF);
        refused("eventfd", bind(file, 24, 0, system.eventfd()), Errno.EBADFD);
        refused("container", bind(file, 24, 0, program.open(Program.CONTAINER)), Errno.EBADFD);
        refused("flags 2", bind(file, 24, 2, iommufd), Errno.EINVAL);
        var tail = program.argument(64);
        VfioDeviceBindIommufd.argsz(tail, 64);
        VfioDeviceBindIommufd.iommufd(tail, (int) iommufd);
        tail.set(ValueLayout.JAVA_BYTE, 40, (byte) 1);
        refused("byte 40", system.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, tail), Errno.E2BIG);
        long group = program.open(groupPath(EDU));
        require("close of the group, which opened after every refusal", system.close(group));
        assertThat(bind(file, 64, 0, iommufd)).as("argsz 64, zero tail").isZero();
        system.close(file);
        file = program.open(nodePath(EDU));
        assertThat(bind(file, 16, 0, iommufd)).as("argsz 16").isZero();
    }

    @Test
    @Spec({"C-059", "C-064"})
    void shouldNotShareWithTheGroupsFile() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        long group = program.open(groupPath(EDU));
        refused("BIND with the group open", program.bind(file, iommufd), Errno.EBUSY);
        refused("BIND with the group open and a wrong number", program.bind(file, 999), Errno.EBUSY);
        require("close", system.close(group));
        require("BIND", program.bind(file, iommufd));
        refused("group with a device bound", system.open(groupPath(EDU)), Errno.EBUSY);
        require("close", system.close(file));
        program.open(nodePath(EDU));
        assertThat(system.open(groupPath(EDU))).as("group with a parked file").isNotNegative();
    }

    @Test
    @Spec({"C-060", "C-061", "C-062"})
    void shouldBindOnceAtATime() {
        long first = program.open(nodePath(EDU));
        long second = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        assertThat(program.bind(first, iommufd)).as("out_devid").isPositive();
        assertThat(info(first)).as("GET_INFO").isZero();
        var bind = program.argument(VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.argsz(bind, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.iommufd(bind, (int) iommufd);
        VfioDeviceBindIommufd.outDevid(bind, 4711);
        refused("BIND again", system.ioctl(first, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, bind), Errno.EINVAL);
        assertThat(VfioDeviceBindIommufd.outDevid(bind))
                .as("out_devid after the refusal")
                .isEqualTo(4711);
        refused("BIND of the second file", program.bind(second, iommufd), Errno.EINVAL);
        require("close", system.close(first));
        assertThat(program.bind(second, iommufd))
                .as("BIND of the second file later")
                .isPositive();
    }

    @Test
    @Spec("C-065")
    void shouldUndoABindWhoseAnswerCannotBeWritten() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        var page = system.memory(4096);
        VfioDeviceBindIommufd.argsz(page, VfioDeviceBindIommufd.SIZEOF);
        VfioDeviceBindIommufd.iommufd(page, (int) iommufd);
        system.protect(page);
        refused("BIND", system.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, page), Errno.EFAULT);
        require(
                "close of the group, which opened because nothing is bound",
                system.close(program.open(groupPath(EDU))));
        assertThat(program.bind(file, iommufd)).as("next BIND").isPositive();
    }

    @Test
    @Spec({"C-066", "C-067"})
    void shouldKeepTheContextOfABoundDevice() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        long id = require("BIND", program.bind(file, iommufd));
        refused("DESTROY of the device", program.destroy(iommufd, id), Errno.EBUSY);
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        var memory = system.memory(8192);
        require("IOAS_MAP", program.mapIoas(iommufd, ioas, memory, 1 << 20));
        require("ATTACH", program.attach(file, ioas));
        require("close", system.close(iommufd));
        new EduProgram(program, file).assertCarries(memory, 1 << 20);
        require("DETACH", program.detach(file));
        assertThat(program.attach(file, ioas))
                .as("ATTACH to the space that persists")
                .isPositive();
    }

    @Test
    @Spec({"C-068", "C-069"})
    void shouldBelongToItsFileDescription() {
        long file = system.openReadOnly(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        assertThat(program.bind(file, iommufd))
                .as("BIND of a file opened for reading")
                .isPositive();
        refused("write", system.write(file, system.memory(4)), Errno.EBADF);
        long copy = require("dup", system.dup(file));
        require("close", system.close(file));
        assertThat(info(copy)).as("GET_INFO through the copy").isZero();
    }

    @Test
    @Spec("C-070")
    void shouldNotBindAFileOfTheGroup() {
        long container = program.open(Program.CONTAINER);
        long group = program.open(groupPath(EDU));
        require("SET_CONTAINER", program.setContainer(group, container));
        require("SET_IOMMU", program.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU));
        long file = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
        refused("BIND", program.bind(file, program.open(Program.IOMMU)), Errno.EINVAL);
        refused("NULL", system.ioctl(file, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, 0), Errno.EFAULT);
    }

    @Test
    @Spec({"C-072", "C-073", "C-074", "C-075"})
    void shouldAttachReplaceAndDetach() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        long id = require("BIND", program.bind(file, iommufd));
        var attach = program.argument(VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.argsz(attach, VfioDeviceAttachIommufdPt.SIZEOF);
        VfioDeviceAttachIommufdPt.ptId(attach, 4711);
        refused("ATTACH to nothing", system.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach), Errno.ENOENT);
        assertThat(VfioDeviceAttachIommufdPt.ptId(attach))
                .as("pt_id after the refusal")
                .isEqualTo(4711);
        refused("ATTACH to a device", program.attach(file, id), Errno.EINVAL);
        long first = require("IOAS_ALLOC", program.newIoas(iommufd));
        long second = require("IOAS_ALLOC", program.newIoas(iommufd));
        long hwpt = require("ATTACH", program.attach(file, first));
        assertThat(hwpt).as("the page table used").isPositive().isNotIn(first, second, id);
        assertThat(program.attach(file, first)).as("ATTACH to the same").isPositive();
        require("replace", program.attach(file, second));
        assertThat(program.destroy(iommufd, first))
                .as("DESTROY of the space left")
                .isZero();
        refused("DESTROY of the space in use", program.destroy(iommufd, second), Errno.EBUSY);
        assertThat(program.detach(file)).isZero();
        assertThat(program.detach(file)).isZero();
        assertThat(program.destroy(iommufd, second)).as("DESTROY after DETACH").isZero();
        long mdev = program.open(nodePath(MDEV));
        require("BIND", program.bind(mdev, iommufd));
        long third = require("IOAS_ALLOC", program.newIoas(iommufd));
        assertThat(program.attach(mdev, third))
                .as("page table of a mediated device")
                .isEqualTo(third);
    }

    @Test
    @Spec("C-076")
    void shouldAttachAGroupAsAWhole() {
        long left = program.open(nodePath(LEFT));
        long right = program.open(nodePath(RIGHT));
        long iommufd = program.open(Program.IOMMU);
        require("BIND", program.bind(left, iommufd));
        require("BIND", program.bind(right, iommufd));
        long first = require("IOAS_ALLOC", program.newIoas(iommufd));
        long second = require("IOAS_ALLOC", program.newIoas(iommufd));
        require("ATTACH", program.attach(left, first));
        refused("other space", program.attach(right, second), Errno.EINVAL);
        require("same space", program.attach(right, first));
        require("replace on one", program.attach(left, second));
        assertThat(program.destroy(iommufd, first))
                .as("DESTROY of the space both left")
                .isZero();
    }

    @Test
    @Spec("C-082")
    void shouldKeepAGroupToOneContext() {
        long left = program.open(nodePath(LEFT));
        long right = program.open(nodePath(RIGHT));
        long mine = program.open(Program.IOMMU);
        long others = program.open(Program.IOMMU);
        require("BIND", program.bind(left, mine));
        refused("BIND of the sibling by another", program.bind(right, others), Errno.EPERM);
        assertThat(program.bind(right, mine))
                .as("BIND of the sibling by the same")
                .isPositive();
    }

    @Test
    @Spec("C-085")
    void shouldMoveDataOnlyWhileAttached() {
        long file = program.open(nodePath(EDU));
        long iommufd = program.open(Program.IOMMU);
        require("BIND", program.bind(file, iommufd));
        long ioas = require("IOAS_ALLOC", program.newIoas(iommufd));
        var memory = system.memory(16384);
        require("IOAS_MAP", program.mapIoas(iommufd, ioas, memory, 1 << 20));
        var edu = new EduProgram(program, file);
        edu.assertCannotWrite(memory, 1 << 20);
        require("ATTACH", program.attach(file, ioas));
        edu.assertCarries(memory, 1 << 20);
        require("DETACH", program.detach(file));
        edu.assertCannotWrite(memory, 1 << 20);
        require("ATTACH", program.attach(file, ioas));
        require("IOAS_UNMAP", program.unmapIoas(iommufd, ioas, 1 << 20, 16384));
        edu.assertCannotWrite(memory, 1 << 20);
    }
}
