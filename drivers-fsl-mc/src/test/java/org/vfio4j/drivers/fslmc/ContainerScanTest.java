// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.host.embedded.fslmc.McStatus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** What keeps a container from being taken, and what of it is found, at first and later. Spec: fsl-mc §2.4, §3. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ContainerScanTest extends McDriverTestCase {
    private static final int GET_OBJECT = 0x15a1;
    private static final int OPEN_CONTAINER = 0x8051;
    private static final List<String> CHILDREN =
            List.of("dpbp.1", "dpmcp.1", "dpio.1", "dpni.1", "dpni.2", "dpni.3", "dprc.3");

    private List<String> bound() {
        return core.registered().keySet().stream().map(BusDevice::name).toList();
    }

    private List<String> onBus() {
        return bus.devices().stream().map(BusDevice::name).toList();
    }

    @Spec("F-008")
    @Test
    void shouldRefuseAContainerWithoutPortal() {
        bus.createWithoutPortal("dprc.1", 9);
        bus.rescan();
        assertThat(onBus()).contains("dprc.9");
        assertRefused(Errno.EINVAL, () -> core.bind(object("dprc.9")));
        assertThat(bound()).isEmpty();
    }

    @Spec("F-009")
    @Test
    void shouldRefuseAContainerWhosePortalSomebodyHas() {
        bus.occupy("dprc.2", "a debugger");
        assertRefused(Errno.EBUSY, () -> core.bind(object("dprc.2")));
        assertThat(bound()).isEmpty();
        assertThat(onBus()).doesNotContainAnyElementsOf(CHILDREN);
    }

    /** After a refusal the next one can have it. */
    @Test
    void shouldGiveThePortalBackWhenTheContainerIsNotTaken() {
        bus.answer(OPEN_CONTAINER, McStatus.NO_PRIVILEGE);
        assertRefused(Errno.EPERM, () -> core.bind(object("dprc.2")));
        bus.answer(OPEN_CONTAINER, McStatus.OK);
        core.bind(object("dprc.2"));
        core.unbind(object("dprc.2"));
        bus.occupy("dprc.2", "a debugger");
    }

    @Spec("F-013")
    @Test
    void shouldLeaveOutAnObjectThatIsNotDescribed() {
        bus.answer(GET_OBJECT, 1, McStatus.DMA_ERR);
        core.bind(object("dprc.2"));
        assertThat(bound()).contains("dpio.1", "dpbp.1", "dpni.2").doesNotContain("dpni.1");
        assertThat(onBus()).doesNotContain("dpni.1");
        bus.answer(GET_OBJECT, 1, McStatus.OK);
        bus.rescan();
        assertThat(bound()).contains("dpni.1");
    }

    @Spec("F-014")
    @Test
    void shouldLeaveOutWhatNobodyKnowsAndWhatClaimsTooMuch() {
        bus.create("dprc.2", object("dpfoo", 1, 0));
        bus.create("dprc.2", object("dpni", 8, 1));
        bus.addPortal("dpni.8");
        bus.create("dprc.2", object("dpni", 9, 1));
        core.bind(object("dprc.2"));
        assertThat(bound()).containsAll(CHILDREN).contains("dpni.9").doesNotContain("dpfoo.1", "dpni.8");
        assertThat(onBus()).doesNotContain("dpfoo.1", "dpni.8");
    }

    @Spec("F-015")
    @Test
    void shouldTakeWhatAppearsLater() {
        core.bind(object("dprc.2"));
        bus.create("dprc.2", object("dpni", 9, 1));
        bus.create("dprc.3", object("dpio", 9, 1));
        bus.create("dprc.1", object("dpni", 10, 1));
        assertThat(bound()).doesNotContain("dpni.9", "dpio.9");
        bus.rescan();
        assertThat(bound()).contains("dpni.9", "dpio.9").doesNotContain("dpni.10");
        assertThat(device("dpni.9").deviceSet().key()).isSameAs(object("dprc.2"));
        assertThat(device("dpio.9").deviceSet().key()).isSameAs(object("dprc.3"));
    }

    @Spec("F-066")
    @Test
    void shouldLeaveNoChildOnTheBusWhenTheContainerIsLetGo() throws Exception {
        core.bind(object("dprc.2"));
        assertThat(onBus()).containsAll(CHILDREN).contains("dpio.2");
        var child = device("dpio.2");
        child.open();
        var removal = CompletableFuture.runAsync(() -> core.unbind(object("dprc.2")));
        child.unregistering().await();
        assertThat(onBus()).as("while its user has it").contains("dpio.2");
        child.close();
        removal.get();
        assertThat(onBus())
                .contains("dprc.2")
                .doesNotContainAnyElementsOf(CHILDREN)
                .doesNotContain("dpio.2");
        bus.rescan();
        assertThat(onBus()).as("no driver looks inside").doesNotContainAnyElementsOf(CHILDREN);
        core.bind(object("dprc.2"));
        assertThat(onBus()).containsAll(CHILDREN).contains("dpio.2");
        assertThat(bound()).contains("dpni.1", "dpio.2");
    }
}
