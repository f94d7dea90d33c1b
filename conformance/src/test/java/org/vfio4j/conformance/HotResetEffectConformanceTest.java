// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioIrqSet;

/** What hot resets, and last closes that make one, do to the functions. Spec: pci §4.3, §11.3, §12.9, §14.5. */
class HotResetEffectConformanceTest extends HotResetTestCase {
    private static final int COMMAND = 4;
    private static final int MEMORY_AND_MASTER = 6;
    private static final int EDU_LIVENESS = 0x04;
    private static final int EDU_RAISE = 0x60;
    private static final int EDU_ACKNOWLEDGE = 0x64;

    private void decode(long device) {
        write(device, CONFIG, COMMAND, 2, MEMORY_AND_MASTER);
    }

    @Test
    @Spec("P-205")
    void shouldResetEveryFunctionAndKeepConfiguration() {
        var twin = openByGroup(TWIN);
        long other = deviceFd(twin.group(), OTHER_TWIN);
        for (long device : List.of(twin.device(), other)) {
            decode(device);
            write(device, CONFIG, 0x0c, 1, 0x20);
            write(device, BAR0, 0x40, 4, 0x600df00d);
        }
        int bar = read(other, CONFIG, 0x10, 4);
        require("HOT_RESET", hotReset(twin.device(), twin.group()));
        for (long device : List.of(twin.device(), other)) {
            assertThat(read(device, BAR0, 0x40, 4)).as("register").isZero();
            assertThat(read(device, CONFIG, COMMAND, 2)).as("COMMAND").isEqualTo(MEMORY_AND_MASTER);
            assertThat(read(device, CONFIG, 0x0c, 1)).as("cache line size").isEqualTo(0x20);
        }
        assertThat(read(other, CONFIG, 0x10, 4)).as("BAR 0").isEqualTo(bar);
    }

    @Test
    @Spec("P-205")
    void shouldKeepMappingsUsable() {
        var twin = openByGroup(TWIN);
        decode(twin.device());
        var bar = region(twin.device(), BAR0);
        long address = require("mmap", system.mmap(twin.device(), bar.offset(), bar.size()));
        write(twin.device(), BAR0, 0x40, 4, 0x600df00d);
        assertThat(word(address)).containsExactly(0x0d, 0xf0, 0x0d, 0x60);
        require("HOT_RESET", hotReset(twin.device(), twin.group()));
        assertThat(word(address)).as("through the mapping").containsOnly(0);
        write(twin.device(), BAR0, 0x40, 4, 0x01020304);
        assertThat(word(address)).containsExactly(4, 3, 2, 1);
        require("munmap", system.munmap(address));
    }

    /** The register at 0x40 as the program sees it. */
    private byte[] word(long mapping) {
        return system.peek(mapping + 0x40, 4);
    }

    @Test
    @Spec("P-205")
    void shouldKeepInterrupts() {
        var first = openByGroup(FIRST);
        long second = deviceFd(first.group(), SECOND);
        decode(first.device());
        decode(second);
        long message = signalledBy(first.device(), VfioPci.VFIO_PCI_MSI_IRQ_INDEX);
        long line = signalledBy(second, VfioPci.VFIO_PCI_INTX_IRQ_INDEX);
        write(first.device(), BAR0, EDU_RAISE, 4, 1);
        write(second, BAR0, EDU_RAISE, 4, 1);
        assertThat(signals(message)).as("messages before").isEqualTo(1);
        assertThat(signals(line)).as("line before").isEqualTo(1);
        write(second, BAR0, EDU_ACKNOWLEDGE, 4, 1);
        unmask(second);
        require("HOT_RESET", hotReset(second, first.group()));
        assertThat(signals(message) + signals(line)).as("signals of the reset").isZero();
        write(first.device(), BAR0, EDU_RAISE, 4, 1);
        write(second, BAR0, EDU_RAISE, 4, 1);
        assertThat(signals(message)).as("messages after").isEqualTo(1);
        assertThat(signals(line)).as("line after").isEqualTo(1);
    }

    private void unmask(long device) {
        var set = program.argument(VfioIrqSet.SIZEOF);
        VfioIrqSet.argsz(set, VfioIrqSet.SIZEOF);
        VfioIrqSet.flags(set, VfioIrq.VFIO_IRQ_SET_DATA_NONE | VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK);
        VfioIrqSet.count(set, 1);
        require("unmask", system.ioctl(device, VfioIoctl.VFIO_DEVICE_SET_IRQS, set));
    }

    @Test
    @Spec("P-205")
    void shouldKeepDmaMappings() {
        var first = openByGroup(FIRST);
        var memory = system.memory(8192);
        require("MAP_DMA", program.mapDma(first.container(), memory, 1 << 20));
        var edu = new EduProgram(program, first.device());
        edu.assertCarries(memory, 1 << 20);
        require("HOT_RESET", hotReset(first.device(), first.group()));
        edu.assertCarries(memory, 1 << 20);
    }

    @Test
    @Spec("P-028")
    void shouldResetTheBusWhenTheLastFunctionIsClosed() {
        var first = openByGroup(FIRST);
        long second = deviceFd(first.group(), SECOND);
        require("close", system.close(deviceFd(first.group(), THIRD)));
        writeLiveness(first.device());
        require("close", system.close(first.device()));
        assertThat(liveness(deviceFd(first.group(), FIRST)))
                .as("of a function without reset, while another is open")
                .isEqualTo(~4711);
        assertThat(system.close(second)).isZero();
    }

    @Test
    @Spec("P-028")
    void shouldFindTheBusResetAfterAllWereClosed() {
        var first = openByGroup(FIRST);
        long second = deviceFd(first.group(), SECOND);
        writeLiveness(first.device());
        require("close", system.close(first.device()));
        require("close of the last", system.close(second));
        assertThat(liveness(deviceFd(first.group(), FIRST)))
                .as("at its reset value")
                .isZero();
    }

    @Test
    @Spec("P-030")
    void shouldNotResetTheBusOfAFunctionWithAnotherDriver() {
        require("unbind", machine.unbind(THIRD));
        require("bind", machine.bind(THIRD, "pci-stub"));
        var first = openByGroup(FIRST);
        writeLiveness(first.device());
        require("close", system.close(first.device()));
        assertThat(liveness(deviceFd(first.group(), FIRST))).as("not reset").isEqualTo(~4711);
    }

    private void writeLiveness(long device) {
        decode(device);
        write(device, BAR0, EDU_LIVENESS, 4, 4711);
        assertThat(read(device, BAR0, EDU_LIVENESS, 4)).isEqualTo(~4711);
    }

    private int liveness(long device) {
        decode(device);
        return read(device, BAR0, EDU_LIVENESS, 4);
    }

    @Test
    @Spec("P-205")
    void shouldLeaveOtherSetsAlone() {
        var twin = openByGroup(TWIN);
        var apart = openByGroup(APART);
        decode(apart.device());
        write(apart.device(), BAR0, 0x40, 4, 7);
        require("HOT_RESET", hotReset(twin.device(), twin.group()));
        assertThat(read(apart.device(), BAR0, 0x40, 4))
                .as("register of a function on another bus")
                .isEqualTo(7);
    }
}
