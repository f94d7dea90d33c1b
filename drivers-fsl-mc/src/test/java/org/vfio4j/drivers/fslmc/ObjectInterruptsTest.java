// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.host.embedded.fslmc.McStatus;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIrq;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ObjectInterruptsTest extends McDriverTestCase {
    private static final int SET_OBJECT_IRQ = 0x15f1;
    private static final int OPEN_DPNI = 0x8011;
    private static final int RESET = 0x0051;
    private static final int CLOSE = 0x8001;

    @Spec("F-048")
    @Test
    void shouldSignalTheEventOfAnInterrupt() {
        core.bind(object("dprc.2"));
        var event = new EventCounter();
        set(ops("dpni.1"), events(3, event));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isEqualTo(1);
        var own = new EventCounter();
        set(ops("dprc.2"), events(3, own));
        bus.raise("dprc.2", 0);
        assertThat(own.take()).isEqualTo(1);
        assertThat(event.take()).isZero();
    }

    @Spec({"F-049", "F-050", "F-051"})
    @Test
    void shouldOnlyTriggerOneVector() {
        core.bind(object("dprc.2"));
        var ops = ops("dpmcp.1");
        ops.setIrqs(new IrqSet(0, TRIGGER, 0, 0, new IrqSet.None()));
        assertThat(bus.freeVectors("dpmcp.1")).as("nothing was taken for it").isEqualTo(256);
        for (int action : new int[] {VfioIrq.VFIO_IRQ_SET_ACTION_MASK, VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK}) {
            assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, action, 0, 1, new IrqSet.None())));
        }
        assertThat(ops.irqLimit(0)).isEqualTo(4);
        assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, TRIGGER, 0, 2, new IrqSet.None())));
        assertRefused(Errno.EINVAL, () -> ops.setIrqs(new IrqSet(0, TRIGGER, 1, 1, new IrqSet.None())));
    }

    @Spec("F-053")
    @ParameterizedTest
    @EnumSource(names = {"EBADF", "EINVAL"})
    void shouldLoseTheEventWhenTheNextIsNone(Errno refusal) {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        var event = new EventCounter();
        set(ops, events(3, event));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isEqualTo(1);
        assertRefused(refusal, () -> set(ops, noEvent(refusal)));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isZero();
    }

    @Spec("F-054")
    @Test
    void shouldTakeAwayAnEventThatIsNotThere() {
        core.bind(object("dprc.2"));
        set(ops("dpni.1"), events(-1, null));
        assertThat(bus.freeVectors("dpni.1"))
                .as("a request like any other takes the vectors")
                .isEqualTo(255);
    }

    /** Spec: fsl-mc §9.2. */
    @Test
    void shouldRemoveTheEventWithARequestForNoVectors() {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        var event = new EventCounter();
        set(ops, events(3, event));
        ops.setIrqs(new IrqSet(0, TRIGGER, 0, 0, new IrqSet.None()));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isZero();
    }

    @Spec({"F-055", "F-056"})
    @Test
    void shouldSignalBySoftware() {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        set(ops, new IrqSet.None());
        var event = new EventCounter();
        set(ops, events(3, event));
        set(ops, new IrqSet.None());
        assertThat(event.take()).isEqualTo(1);
        set(ops, new IrqSet.Bools(List.of(true)));
        assertThat(event.take()).isEqualTo(1);
        set(ops, new IrqSet.Bools(List.of(false)));
        assertThat(event.take()).isZero();
    }

    @Spec({"F-057", "F-059"})
    @Test
    void shouldShareTheContainersVectors() {
        core.bind(object("dprc.2"));
        set(ops("dpni.2"), events(3, new EventCounter()));
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(56);
        assertRefused(Errno.ENOSPC, () -> set(ops("dpni.3"), events(3, new EventCounter())));
        ops("dpni.2").closeDevice();
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(256);
        set(ops("dpni.3"), events(3, new EventCounter()));
    }

    @Spec({"F-058", "F-061"})
    @Test
    void shouldResetAndDisconnectAtTheLastClose() {
        core.bind(object("dprc.2"));
        var ops = ops("dpni.1");
        var event = new EventCounter();
        List<Integer> commands = new ArrayList<>();
        bus.tap(commands::add);
        set(ops, events(3, event));
        assertThat(commands).as("the vector is programmed").containsExactly(SET_OBJECT_IRQ);
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isEqualTo(1);
        commands.clear();

        ops.closeDevice();
        assertThat(commands).as("reset, not programmed again").containsExactly(OPEN_DPNI, RESET, CLOSE);
        assertThat(bus.freeVectors("dpni.1")).isEqualTo(256);
        bus.raise("dpni.1", 0);
        assertThat(event.take()).isZero();

        set(ops, events(3, event));
        bus.raise("dpni.1", 0);
        assertThat(event.take()).as("connected again by the next user").isEqualTo(1);
    }

    @Test
    void shouldStartWithoutEventsAfterTheLastClose() {
        core.bind(object("dprc.2"));
        var ops = ops("dpmcp.1");
        var event = new EventCounter();
        ops.setIrqs(new IrqSet(1, TRIGGER, 0, 1, events(3, event)));
        ops.closeDevice();
        set(ops, new IrqSet.None());
        bus.raise("dpmcp.1", 1);
        assertThat(event.take()).as("the event of the user before").isZero();
    }

    @Spec("F-062")
    @Test
    void shouldCloseWithoutTheResetThatFails() {
        core.bind(object("dprc.2"));
        var ops = ops("dpio.1");
        set(ops, events(3, new EventCounter()));
        bus.answer(RESET, McStatus.BUSY);
        ops.closeDevice();
        assertThat(bus.freeVectors("dpio.1")).isEqualTo(256);
    }
}
