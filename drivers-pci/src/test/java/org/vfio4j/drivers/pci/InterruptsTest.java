// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioPci;

class InterruptsTest {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int MSI = VfioPci.VFIO_PCI_MSI_IRQ_INDEX;
    private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
    private static final int ERR = VfioPci.VFIO_PCI_ERR_IRQ_INDEX;
    private static final int REQ = VfioPci.VFIO_PCI_REQ_IRQ_INDEX;

    private final FakeFunction function = FakeFunction.plain();
    private final FakeEvent event = new FakeEvent();
    private User user;

    @BeforeEach
    void open() {
        function.msi(3, true, false);
        function.msix(5, 0, 0x1000);
        user = User.of(function);
    }

    @AfterEach
    void close() {
        function.close();
    }

    private void enableLine() {
        assertThat(user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.slot(event))))
                .isZero();
    }

    @Test
    @Spec({"P-157", "P-184"})
    void shouldDescribeIndexes() {
        var device = user.device;
        assertThat(device.irqInfo(INTX).flags()).isEqualTo(7);
        assertThat(device.irqInfo(INTX).count()).isOne();
        assertThat(device.irqInfo(MSI).flags()).isEqualTo(9);
        assertThat(device.irqInfo(MSI).count()).isEqualTo(8);
        assertThat(device.irqInfo(MSIX).flags()).isEqualTo(9);
        assertThat(device.irqInfo(MSIX).count()).isEqualTo(5);
        assertThat(device.irqInfo(REQ).count()).isOne();
        user.irqs(MSIX, User.TRIGGER, 0, 2, User.events(User.slot(event), User.slot(event)));
        User.refused(Errno.EINVAL, () -> user.irqs(MSIX, User.TRIGGER, 3, 1, User.events(User.slot(event))));
    }

    @Test
    @Spec("P-158")
    void shouldHaveErrorsOnExpressFunctionsOnly() {
        User.refused(Errno.EINVAL, () -> user.device.irqInfo(ERR));
        User.refused(Errno.EINVAL, () -> user.irqs(ERR, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        User.refused(Errno.EINVAL, () -> user.device.irqInfo(5));
    }

    @Test
    @Spec("P-161")
    void shouldRefuseToDisableWhatIsNotActive() {
        for (int index : new int[] {INTX, MSI, MSIX}) {
            User.refused(Errno.EINVAL, () -> user.irqs(index, User.TRIGGER, 0, 0, User.NONE));
        }
    }

    @Test
    @Spec({"P-162", "P-173", "P-181"})
    void shouldRefuseActionsAnIndexDoesNotHave() {
        User.refused(Errno.ENOTTY, () -> user.irqs(INTX, 0, 0, 1, User.NONE));
        User.refused(Errno.ENOTTY, () -> user.irqs(INTX, User.MASK | User.UNMASK, 0, 1, User.NONE));
        User.refused(Errno.ENOTTY, () -> user.irqs(MSI, User.MASK, 0, 1, User.NONE));
        User.refused(Errno.ENOTTY, () -> user.irqs(MSI, User.UNMASK, 0, 1, User.NONE));
        enableLine();
        User.refused(Errno.ENOTTY, () -> user.irqs(INTX, User.MASK, 0, 1, User.events(User.slot(event))));
    }

    @Test
    @Spec("P-165")
    void shouldEnableLineWithoutEventFile() {
        assertThat(user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.none())))
                .isZero();
        User.refused(Errno.EINVAL, () -> user.irqs(MSI, User.TRIGGER, 0, 1, User.events(User.slot(event))));
    }

    @Test
    @Spec("P-166")
    void shouldStayActiveWhenTheEventFileIsTakenAway() {
        enableLine();
        assertThat(user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.none())))
                .isZero();
        User.refused(Errno.EINVAL, () -> user.irqs(MSI, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        function.raiseLine();
        assertThat(event.take()).isZero();
        assertThat(user.irqs(INTX, User.TRIGGER, 0, 0, User.NONE)).isZero();
        assertThat(function.lineEnabled()).isFalse();
    }

    @Test
    @Spec({"P-167", "P-168", "P-169"})
    void shouldMaskWithEverySignalUntilUnmasked() {
        enableLine();
        function.raiseLine();
        function.raiseLine();
        assertThat(event.take()).isEqualTo(1);
        user.irqs(INTX, User.UNMASK, 0, 1, User.NONE);
        assertThat(event.take()).as("still asserted").isEqualTo(1);
        function.lowerLine();
        user.irqs(INTX, User.UNMASK, 0, 1, User.bool(false));
        function.raiseLine();
        assertThat(event.take()).as("a false value does nothing").isZero();
        function.lowerLine();
        user.irqs(INTX, User.UNMASK, 0, 1, User.bool(true));
        assertThat(event.take()).isZero();
        function.raiseLine();
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    void shouldNotSignalWhileTheUserMasks() {
        enableLine();
        user.irqs(INTX, User.MASK, 0, 1, User.NONE);
        function.raiseLine();
        assertThat(event.take()).isZero();
        user.irqs(INTX, User.UNMASK, 0, 1, User.NONE);
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-170")
    void shouldLoopBackWithoutMasking() {
        enableLine();
        user.irqs(INTX, User.TRIGGER, 0, 1, User.NONE);
        user.irqs(INTX, User.TRIGGER, 0, 1, User.bool(true));
        user.irqs(INTX, User.TRIGGER, 0, 1, User.bool(false));
        assertThat(event.take()).isEqualTo(2);
        function.raiseLine();
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-171")
    void shouldHoldSignalsWhileCommandDisablesInterrupts() {
        enableLine();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_INTX_DISABLE);
        function.raiseLine();
        assertThat(event.take()).isZero();
        user.irqs(INTX, User.UNMASK, 0, 1, User.NONE);
        assertThat(event.take()).as("unmask does not override COMMAND").isZero();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-172")
    void shouldBeginMaskedWhileCommandDisablesInterrupts() {
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY | PciRegister.COMMAND_INTX_DISABLE);
        assertThat(function.get(PciRegister.COMMAND, 2) & PciRegister.COMMAND_INTX_DISABLE)
                .as("hardware follows while INTx is not in use")
                .isNotZero();
        enableLine();
        function.raiseLine();
        assertThat(event.take()).isZero();
        user.config(PciRegister.COMMAND, 2, PciRegister.COMMAND_MEMORY);
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec({"P-174", "P-175"})
    void shouldUnmaskByEventFile() {
        enableLine();
        var unmask = new FakeEvent();
        assertThat(user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.slot(unmask))))
                .isZero();
        User.refused(Errno.EBUSY, () -> user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.slot(unmask))));
        function.raiseLine();
        function.lowerLine();
        assertThat(event.take()).isEqualTo(1);
        unmask.signal();
        assertThat(unmask.take()).as("the count was consumed").isZero();
        function.raiseLine();
        assertThat(event.take()).isEqualTo(1);
        assertThat(user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.none()))).isZero();
        assertThat(user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.none()))).isZero();
        assertThat(unmask.listeners()).isZero();
        unmask.signal();
        assertThat(event.take()).as("detached").isZero();
        user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.slot(unmask)));
        assertThat(unmask.take()).as("and is not consumed").isEqualTo(1);
        assertThat(event.take()).as("a count from before unmasks at once").isEqualTo(1);
    }

    @Test
    void shouldGiveTheUnmaskPlaceUpWhenItsEventFileIsClosed() {
        enableLine();
        var unmask = new FakeEvent();
        user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.slot(unmask)));
        unmask.close();
        assertThat(user.irqs(INTX, User.UNMASK, 0, 1, User.events(User.slot(new FakeEvent()))))
                .isZero();
    }

    @Test
    @Spec("P-176")
    void shouldPassOnBadEventFiles() {
        User.refused(Errno.EBADF, () -> user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.bad(Errno.EBADF))));
        User.refused(Errno.EINVAL, () -> user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.bad(Errno.EINVAL))));
        assertThat(function.lineEnabled()).isFalse();
    }

    @Test
    @Spec("P-177")
    void shouldPassOnALineThatCannotBeHad() {
        function.lineFailure = Errno.EBUSY;
        User.refused(Errno.EBUSY, () -> user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        function.lineFailure = null;
        enableLine();
    }

    @Test
    @Spec("P-178")
    void shouldRefuseToEnableNoVectors() {
        User.refused(Errno.ERANGE, () -> user.irqs(MSI, User.TRIGGER, 0, 0, User.events()));
    }

    @Test
    @Spec("P-179")
    void shouldSayHowManyVectorsCouldBeHad() {
        function.vectorLimit = 1;
        assertThat(user.irqs(MSI, User.TRIGGER, 0, 2, User.events(User.slot(event), User.slot(event))))
                .isEqualTo(1);
        assertThat(function.vectorsEnabled()).isFalse();
        enableLine();
    }

    @Test
    @Spec("P-180")
    void shouldRefuseASecondActiveIndex() {
        user.irqs(MSI, User.TRIGGER, 0, 1, User.events(User.slot(event)));
        User.refused(Errno.EINVAL, () -> user.irqs(INTX, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        User.refused(Errno.EINVAL, () -> user.irqs(MSIX, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        assertThat(user.irqs(MSI, User.TRIGGER, 0, 0, User.NONE)).isZero();
        enableLine();
    }

    @Test
    @Spec("P-182")
    void shouldRefuseVectorsBeyondThoseEnabled() {
        user.irqs(MSI, User.TRIGGER, 0, 4, User.events(User.slot(event), User.none(), User.none(), User.none()));
        User.refused(Errno.EINVAL, () -> user.irqs(MSI, User.TRIGGER, 6, 1, User.events(User.slot(event))));
    }

    @Test
    @Spec("P-185")
    void shouldClearTheRangeThatFailsAndKeepTheRest() {
        var fourth = new FakeEvent();
        user.irqs(
                MSIX,
                User.TRIGGER,
                0,
                4,
                User.events(User.slot(event), User.slot(event), User.none(), User.slot(fourth)));
        User.refused(
                Errno.EBADF,
                () -> user.irqs(
                        MSIX, User.TRIGGER, 0, 3, User.events(User.slot(event), User.none(), User.bad(Errno.EBADF))));
        for (int vector = 0; vector < 4; vector++) {
            function.raiseVector(vector);
        }
        assertThat(event.take()).isZero();
        assertThat(fourth.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-186")
    void shouldBeInactiveAgainWhenEnablingFails() {
        User.refused(Errno.EBADF, () -> user.irqs(MSIX, User.TRIGGER, 0, 1, User.events(User.bad(Errno.EBADF))));
        assertThat(function.vectorsEnabled()).isFalse();
        enableLine();
    }

    @Test
    @Spec("P-187")
    void shouldSkipVectorsWithoutEventFileInLoopback() {
        var third = new FakeEvent();
        user.irqs(
                MSIX,
                User.TRIGGER,
                0,
                5,
                User.events(User.slot(event), User.none(), User.slot(third), User.none(), User.none()));
        assertThat(user.irqs(MSIX, User.TRIGGER, 0, 5, User.NONE)).isZero();
        assertThat(event.take()).isEqualTo(1);
        assertThat(third.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-188")
    void shouldDeliverAfterReset() {
        user.irqs(MSIX, User.TRIGGER, 0, 1, User.events(User.slot(event)));
        user.device.reset();
        user.irqs(MSIX, User.TRIGGER, 0, 1, User.NONE);
        function.raiseVector(0);
        assertThat(event.take()).isEqualTo(2);
    }

    @Test
    @Spec("P-103")
    void shouldRefuseMessagesWhileAsleep() {
        try (var sleeper = FakeFunction.plain()) {
            int at = sleeper.power(true);
            sleeper.msi(0, true, false);
            var other = User.of(sleeper);
            other.config(at + 4, 2, PowerState.D3_HOT);
            User.refused(Errno.EINVAL, () -> other.irqs(MSI, User.TRIGGER, 0, 1, User.events(User.slot(event))));
        }
    }

    @Test
    @Spec("P-189")
    void shouldHaveOneErrorEventFile() {
        try (var express = FakeFunction.express()) {
            var other = User.of(express);
            User.refused(Errno.EINVAL, () -> other.irqs(ERR, User.TRIGGER, 0, 1, User.NONE));
            assertThat(other.irqs(ERR, User.TRIGGER, 0, 1, User.events(User.slot(event))))
                    .isZero();
            other.irqs(ERR, User.TRIGGER, 0, 1, User.NONE);
            assertThat(event.take()).isEqualTo(1);
            assertThat(other.irqs(ERR, User.TRIGGER, 0, 0, User.NONE)).isZero();
            User.refused(Errno.EINVAL, () -> other.irqs(ERR, User.TRIGGER, 0, 0, User.NONE));
        }
    }

    @Test
    @Spec("P-190")
    void shouldRefuseOddRequestsForTheRequestIndex() {
        assertThat(user.irqs(REQ, User.TRIGGER, 0, 1, User.bool(true))).isZero();
        User.refused(Errno.EINVAL, () -> user.irqs(REQ, User.TRIGGER, 0, 0, User.events()));
        User.refused(Errno.EINVAL, () -> user.irqs(REQ, User.TRIGGER, 0, 1, User.events(User.negative(-2))));
        User.refused(Errno.ENOTTY, () -> user.irqs(REQ, User.MASK, 0, 1, User.NONE));
    }

    @Test
    void shouldAskTheUserToLetGo() {
        user.irqs(REQ, User.TRIGGER, 0, 1, User.events(User.slot(event)));
        user.device.request(1);
        assertThat(event.take()).isEqualTo(1);
    }

    @Test
    @Spec("P-160")
    void shouldHaveNoLineOnVirtualFunctions() {
        try (var physical = FakeFunction.express();
                var virtual = new FakeFunction(physical.bus, 9, 4096)) {
            virtual.physical = physical;
            assertThat(User.of(virtual).device.irqInfo(INTX).count())
                    .as("the core refuses every request on an index without vectors")
                    .isZero();
        }
    }
}
