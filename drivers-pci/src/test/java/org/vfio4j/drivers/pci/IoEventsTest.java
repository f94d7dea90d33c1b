// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class IoEventsTest {
    private final FakeFunction function = FakeFunction.plain();

    @AfterEach
    void close() {
        function.close();
    }

    @Test
    @Spec("P-210")
    void shouldRefuseBadRequests() {
        function.bar(1, 0x4000, false);
        function.msix(5, 1, 0);
        var call = new IoEventCall(User.of(function));
        int fd = call.file(new FakeEvent());
        for (int flags : new int[] {0, 3, 16, 8}) {
            User.refused(Errno.EINVAL, () -> call.call(32, flags, 0, 0, fd));
        }
        User.refused(Errno.EINVAL, () -> call.call(27, 4, 0, 0, fd));
        User.refused(Errno.EINVAL, () -> call.call(32, 4, 0, 0, -2));
        User.refused(Errno.EINVAL, () -> call.call(32, 4, RegionOffset.of(7), 0, fd));
        User.refused(Errno.EINVAL, () -> call.call(32, 4, 0x100000 - 2, 0, fd));
        User.refused(Errno.EINVAL, () -> call.call(32, 4, RegionOffset.of(1) + 76, 0, fd));
        assertThat(call.call(28, 4, RegionOffset.of(1) + 80, 0, fd)).isZero();
    }

    @Test
    @Spec({"P-211", "P-212"})
    void shouldAddOnceAndRemoveOnce() {
        var call = new IoEventCall(User.of(function));
        User.refused(Errno.ENODEV, () -> call.remove(0, 4, 4));
        assertThat(call.add(0, 4, 4, new FakeEvent())).isZero();
        User.refused(Errno.EEXIST, () -> call.add(0, 4, 4, new FakeEvent()));
        assertThat(call.remove(0, 4, 4)).isZero();
        User.refused(Errno.ENODEV, () -> call.remove(0, 4, 4));
        User.refused(Errno.EBADF, () -> call.call(32, 4, 0, 0, 99));
    }

    @Test
    @Spec({"P-213", "P-214"})
    void shouldWriteTheRegisterWithEverySignal() {
        var user = User.of(function);
        var event = new FakeEvent();
        new IoEventCall(user).add(0, 4, 4, event);
        event.signal();
        assertThat(user.read(0, 4, 4)).containsExactly(0x44, 0x33, 0x22, 0x11);
        assertThat(event.take()).as("the count was consumed").isZero();
        user.write(0, 4, 0, 0, 0, 0);
        user.config(PciRegister.COMMAND, 2, 0);
        function.accesses.clear();
        event.signal();
        assertThat(function.accesses).as("dropped while decoding is off").isEmpty();
    }

    @Test
    void shouldForgetEventFilesThatWereClosed() {
        var call = new IoEventCall(User.of(function));
        var event = new FakeEvent();
        call.add(0, 4, 4, event);
        event.close();
        assertThat(call.add(0, 4, 4, new FakeEvent())).isZero();
    }

    @Test
    @Spec("P-215")
    void shouldLimitTheirNumber() {
        var call = new IoEventCall(User.of(function));
        var event = new FakeEvent();
        for (int i = 0; i < 1000; i++) {
            call.add(0, 4L * i, 4, event);
        }
        User.refused(Errno.ENOSPC, () -> call.add(0, 4000, 4, event));
    }
}
