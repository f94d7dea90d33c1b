// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeContext;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;

/** Attachments of a bound device and of its process address spaces. Spec: core §5.2, CD-13, Q-3, Q-8. */
class PasidTest {
    private final CoreWorld world = Worlds.start(machine -> machine.device("dev-a", machine.group(1)));
    private final RawCalls calls = world.caller();
    private final int file = calls.open("/dev/vfio/devices/vfio0");
    private final int id;
    private final FakeContext context;
    private final int one;
    private final int other;

    PasidTest() {
        world.ops(world.machine.find("dev-a")).withPasids = true;
        id = calls.bind(file, calls.iommufd());
        context = world.iommufd.contexts.getLast();
        one = context.allocateIoas();
        other = context.allocateIoas();
    }

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
    }

    @Test
    @Spec("C-077")
    void shouldNeedRoomForThePasid() {
        refused(Errno.EINVAL, () -> calls.attach(file, one, 12, 1));
        refused(Errno.EINVAL, () -> calls.attach(file, one, 15, 1));
        refused(Errno.EINVAL, () -> calls.detach(file, 8, 1, 5));
        assertThat(context.attachments(id)).isEmpty();
        assertThat(calls.attachPasid(file, 5, one)).isEqualTo(one + 1000);
        assertThat(context.attachments(id)).isEqualTo(Map.of(5, one));
    }

    @Test
    @Spec("C-077")
    void shouldFaultWhenThePasidCannotBeRead() {
        var memory = calls.process().allocate(8192);
        var last = memory.asSlice(4096 - 12, 12);
        VfioDeviceAttachIommufdPt.argsz(last, 16);
        VfioDeviceAttachIommufdPt.flags(last, 1);
        VfioDeviceAttachIommufdPt.ptId(last, one);
        long address = last.address();
        calls.process().free(memory);
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, address));
        assertThat(context.attachments(id)).isEmpty();
    }

    @Test
    @Spec("C-078")
    void shouldDetachWhatIsNotAttached() {
        assertThat(calls.detach(file, 12, 1, 5)).isZero();
        calls.attachPasid(file, 5, one);
        assertThat(calls.detach(file, 12, 1, 6)).isZero();
        assertThat(context.attachments(id)).isEqualTo(Map.of(5, one));
        assertThat(calls.detach(file, 12, 1, 5)).isZero();
        assertThat(calls.detach(file, 12, 1, 5)).isZero();
        assertThat(context.attachments(id)).isEmpty();
    }

    @Test
    void shouldReplaceOnePasidAndLeaveTheOthers() {
        calls.attach(file, one, 12, 0);
        calls.attachPasid(file, 5, one);
        calls.attachPasid(file, 6, one);
        calls.attachPasid(file, 5, other);
        assertThat(context.attachments(id)).isEqualTo(Map.of(0, one, 5, other, 6, one));
        refused(Errno.ENOENT, () -> calls.attachPasid(file, 6, 9999));
        assertThat(context.attachments(id)).isEqualTo(Map.of(0, one, 5, other, 6, one));
    }

    @Test
    void shouldRefusePasidsThatCannotBe() {
        assertThat(refused(Errno.EINVAL, () -> calls.attachPasid(file, 0, one)).rule())
                .hasValue("Q-8");
        assertThat(refused(Errno.ENOSPC, () -> calls.attachPasid(file, 1 << 31, one))
                        .rule())
                .hasValue("CD-13");
        assertThat(context.attachments(id)).isEmpty();
    }

    @Test
    @Spec("C-080")
    void shouldDetachADeviceWhoseAnswerCannotBeDelivered() {
        calls.attachPasid(file, 5, other);
        var readOnly = calls.process().allocate(4096);
        VfioDeviceAttachIommufdPt.argsz(readOnly, 12);
        VfioDeviceAttachIommufdPt.ptId(readOnly, one);
        calls.process().protect(readOnly, UapiProcess.PROT_READ);
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, readOnly.address()));
        assertThat(context.attachments(id)).isEqualTo(Map.of(5, other));
    }

    /** Not as in the kernel, which undoes the device's own attachment instead. */
    @Test
    void shouldUndoThePasidWhoseAnswerCannotBeDelivered() {
        calls.attach(file, one, 12, 0);
        var readOnly = calls.process().allocate(4096);
        VfioDeviceAttachIommufdPt.argsz(readOnly, 16);
        VfioDeviceAttachIommufdPt.flags(readOnly, 1);
        VfioDeviceAttachIommufdPt.ptId(readOnly, other);
        VfioDeviceAttachIommufdPt.pasid(readOnly, 7);
        calls.process().protect(readOnly, UapiProcess.PROT_READ);
        refused(Errno.EFAULT, () -> calls.ioctl(file, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, readOnly.address()));
        assertThat(context.attachments(id)).isEqualTo(Map.of(0, one));
    }

    @Test
    @Spec("C-081")
    void shouldDetachEverythingAtClose() {
        calls.attach(file, one, 12, 0);
        calls.attachPasid(file, 5, one);
        calls.attachPasid(file, 6, other);
        refused(Errno.EBUSY, () -> context.destroy(one));
        refused(Errno.EBUSY, () -> context.destroy(other));
        calls.close(file);
        context.destroy(one);
        context.destroy(other);
        assertThat(context.bound()).as("device objects left").isZero();
    }
}
