// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioPci;

/** Virtual functions that are taken away while somebody uses them. Spec: pci §18.3, §19.2. */
class SriovRemovalConformanceTest extends SriovTestCase {
    private static final long PATIENCE_SECONDS = 20;

    private static CompletableFuture<Long> begin(LongSupplier change) {
        var done = new CompletableFuture<Long>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                done.complete(change.getAsLong());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private static void assertEnds(CompletableFuture<Long> change) throws Exception {
        assertThat(change.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isZero();
    }

    private long openVf() {
        require("2", numVfs(PF, "2"));
        require("PF", program.getDeviceFd(openGroup(PF), withToken(PF, TOKEN)));
        return deviceFd(openGroup(VF0), withToken(VF0, TOKEN));
    }

    /** Waits until the user is asked to let go of a function; from then on the remover waits. */
    private void awaitSignal(long event) {
        while (signals(event) == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldWaitForTheUsersOfVirtualFunctions() throws Exception {
        long vf = openVf();
        long event = signalledBy(vf, VfioPci.VFIO_PCI_REQ_IRQ_INDEX);
        try (var administrator = newSystem(ProcessOptions.root())) {
            var disabled = begin(() -> administrator.writeFile(FUNCTIONS + PF + "/sriov_numvfs", "0"));
            awaitSignal(event);
            assertThat(disabled).isNotDone();
            assertThat(link(VF0, "physfn")).as("the VF is there meanwhile").isEqualTo(PF);
            assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("2\n");
            assertThat(read(vf, CONFIG, 0, 2)).as("the VF works meanwhile").isEqualTo(0x1234);
            require("close", system.close(vf));
            assertEnds(disabled);
        }
        assertGone(VF0);
        assertGone(VF1);
        assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("0\n");
    }

    @Test
    @Spec("P-242")
    void shouldWaitForThemWhenThePhysicalFunctionIsUnbound() throws Exception {
        require("2", numVfs(PF, "2"));
        long pf = deviceFd(openGroup(PF), withToken(PF, TOKEN));
        require("close", system.close(pf));
        long group = openGroup(VF0);
        long vf = deviceFd(group, withToken(VF0, TOKEN));
        long event = signalledBy(vf, VfioPci.VFIO_PCI_REQ_IRQ_INDEX);
        var unbound = begin(() -> machine.unbind(PF));
        awaitSignal(event);
        assertThat(unbound).isNotDone();
        assertThat(machine.driver(PF)).as("the PF keeps its driver meanwhile").contains(DRIVER);
        refused("another opening of the VF", program.getDeviceFd(group, withToken(VF0, TOKEN)), Errno.ENODEV);
        require("close", system.close(vf));
        assertEnds(unbound);
        assertGone(VF0);
        assertThat(machine.driver(PF)).isEmpty();
        assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("0\n");
        refused("GET_STATUS of its group", program.status(group), Errno.ENODEV);
    }

    @Test
    void shouldTakeAwayOneThatItsDriverLetGo() {
        require("2", numVfs(PF, "2"));
        require("unbind", machine.unbind(VF1));
        require("pci-stub by override", system.writeFile(FUNCTIONS + VF1 + "/driver_override", "pci-stub"));
        require("bind", system.writeFile(DRIVERS + "pci-stub/bind", VF1));
        require("0", numVfs(PF, "0"));
        assertGone(VF1);
        require("2", numVfs(PF, "2"));
        assertThat(machine.driver(VF1)).contains(DRIVER);
    }

    @Test
    void shouldGiveUpItsUsersWhenTheMachineIsSwitchedOff() {
        // The end of every test closes the program, then the machine.
        openVf();
        require("4 of a card", numVfs(CARD, "4"));
    }
}
