// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.BootedMachine;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.pci.PciFunction;

/** The edu device through its registers, with DMA through a real IOMMU. Spec: pci §21 S01. */
class EduModelTest {
    private static final String EDU = "00:05.0";
    private static final long IOVA = 0x100000;
    private static final int PAGE = 4096;

    private final BootedMachine machine = BootedMachine.withFunctions("""
            {"address": "00:05.0", "model": "edu"}""", """
            {"address": "00:06.0", "model": "edu"}""");
    private final PciFunction edu = machine.function(EDU);
    private final Semaphore interrupts = new Semaphore(0);
    private final MemorySegment memory = machine.user().allocate(2 * PAGE);

    @BeforeEach
    void masterBus() {
        edu.writeConfig(0x04, 2, 0x0006);
    }

    @AfterEach
    void switchOff() {
        machine.close();
    }

    private long read(long offset) {
        return edu.readBar(0, offset, 4);
    }

    private void write(long offset, long value) {
        edu.writeBar(0, offset, 4, value);
    }

    private void awaitInterrupt() throws InterruptedException {
        assertThat(interrupts.tryAcquire(10, TimeUnit.SECONDS))
                .as("the device interrupts")
                .isTrue();
    }

    private void transfer(long source, long destination, long count, int command) throws InterruptedException {
        edu.writeBar(0, 0x80, 8, source);
        edu.writeBar(0, 0x88, 8, destination);
        edu.writeBar(0, 0x90, 8, count);
        edu.writeBar(0, 0x98, 8, command | EduModel.DMA_START | EduModel.DMA_IRQ);
        awaitInterrupt();
        assertThat(read(0x24)).as("interrupt status names DMA").isEqualTo(0x100);
        write(0x64, 0x100);
        assertThat(read(0x98) & 1).as("the command is done").isZero();
    }

    private void takeMessages() {
        assertThat(edu.enableMsi(1, false, vector -> interrupts.release())).isEqualTo(1);
    }

    @Test
    void shouldIdentifyItselfAndInvertLiveness() {
        assertThat(read(0x00)).isEqualTo(0x010000edL);
        write(0x04, 0x12345678);
        assertThat(read(0x04)).isEqualTo(~0x12345678L & 0xffff_ffffL);
        write(0x00, 0);
        assertThat(read(0x00)).as("identification is read-only").isEqualTo(0x010000edL);
    }

    @Test
    void shouldAnswerOnlyItsAccessSizes() {
        write(0x04, 0);
        assertThat(edu.readBar(0, 0x04, 2)).isEqualTo(0xffff);
        assertThat(edu.readBar(0, 0x04, 1)).isEqualTo(0xff);
        assertThat(edu.readBar(0, 0x00, 8)).as("eight bytes only from 0x80 on").isEqualTo(-1);
        edu.writeBar(0, 0x04, 2, 0x1234);
        assertThat(read(0x04)).as("ignored write").isEqualTo(0xffff_ffffL);
        edu.writeBar(0, 0x80, 8, 0x1122_3344_5566_7788L);
        assertThat(edu.readBar(0, 0x80, 8)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(edu.readBar(0, 0x80, 2)).isEqualTo(0xffff);
        assertThat(read(0x40000)).as("the buffer is not in the registers").isEqualTo(0xffff_ffffL);
    }

    @Test
    void shouldComputeFactorialsAndInterrupt() throws InterruptedException {
        takeMessages();
        write(0x20, 0x80);
        write(0x08, 10);
        awaitInterrupt();
        assertThat(read(0x24)).isEqualTo(1);
        write(0x64, 1);
        assertThat(read(0x08)).isEqualTo(3_628_800);
        assertThat(read(0x20)).as("not busy, still wants interrupts").isEqualTo(0x80);
        write(0x08, 13);
        awaitInterrupt();
        assertThat(read(0x08)).as("modulo 2 to the 32nd").isEqualTo(6_227_020_800L & 0xffff_ffffL);
        write(0x08, 0xffff_ffffL);
        awaitInterrupt();
        assertThat(read(0x08)).isZero();
        write(0x08, 0);
        awaitInterrupt();
        assertThat(read(0x08)).isEqualTo(1);
    }

    @Test
    void shouldMoveMemoryBothWaysThroughIommu() throws InterruptedException {
        takeMessages();
        machine.map(EDU, IOVA, memory.address(), 2 * PAGE, Protection.READ | Protection.WRITE);
        for (int i = 0; i < PAGE; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + 7));
        }
        transfer(IOVA, EduModel.BUFFER_ADDRESS, PAGE, 0);
        transfer(EduModel.BUFFER_ADDRESS, IOVA + PAGE, PAGE, EduModel.DMA_TO_MEMORY);
        assertThat(memory.asSlice(PAGE, PAGE).mismatch(memory.asSlice(0, PAGE)))
                .as("what the device wrote is what it read")
                .isEqualTo(-1);
        assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT).isZero();
        assertThat(machine.host().faults()).isEmpty();
    }

    @Test
    void shouldReportFaultAfterUnmap() throws InterruptedException {
        takeMessages();
        var domain = machine.map(EDU, IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        transfer(IOVA, EduModel.BUFFER_ADDRESS, 64, 0);
        assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT).isZero();
        domain.unmap(IOVA, PAGE);
        transfer(IOVA, EduModel.BUFFER_ADDRESS, 64, 0);
        assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT).isNotZero();
        assertThat(machine.host().faults())
                .containsExactly(new DmaFault("0000:" + EDU, IOVA, false, DmaFault.Reason.NOT_MAPPED));
        domain.map(IOVA, pinned(), PAGE, Protection.READ);
        transfer(IOVA, EduModel.BUFFER_ADDRESS, 64, 0);
        assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT)
                .as("a good transfer clears the mark")
                .isZero();
    }

    /** Where the first page is: pinned again, as the first mapping's pin is still counted. */
    private long pinned() {
        long[] found = {0};
        machine.user().pin(memory.address(), PAGE, true, (phys, length) -> found[0] = phys);
        return found[0];
    }

    @Test
    void shouldRefuseTransferOutsideItsBuffer() throws InterruptedException {
        takeMessages();
        machine.map(EDU, IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        for (long[] bad : new long[][] {
            {EduModel.BUFFER_ADDRESS - 1, 4},
            {EduModel.BUFFER_ADDRESS + PAGE - 3, 4},
            {EduModel.BUFFER_ADDRESS, PAGE + 1},
            {EduModel.BUFFER_ADDRESS, -1},
            {Long.MIN_VALUE, 4}
        }) {
            transfer(IOVA, bad[0], bad[1], 0);
            assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT)
                    .as("device address 0x%x, %d bytes", bad[0], bad[1])
                    .isNotZero();
        }
        assertThat(machine.host().faults()).as("nothing reached the IOMMU").isEmpty();
    }

    @Test
    void shouldDriveOnlyItsAddressBits() throws InterruptedException {
        takeMessages();
        machine.map(EDU, IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        memory.set(ValueLayout.JAVA_INT, 0, 0x600df00d);
        transfer(IOVA | (1L << 40), EduModel.BUFFER_ADDRESS, 4, 0);
        transfer(EduModel.BUFFER_ADDRESS, IOVA + 8, 4, EduModel.DMA_TO_MEMORY);
        assertThat(memory.get(ValueLayout.JAVA_INT, 8)).isEqualTo(0x600df00d);
    }

    @Test
    void shouldNotReachMemoryWithoutBusMastering() throws InterruptedException {
        edu.enableIntx(interrupts::release);
        machine.map(EDU, IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        edu.writeConfig(0x04, 2, 0x0002);
        transfer(IOVA, EduModel.BUFFER_ADDRESS, 4, 0);
        assertThat(read(0x20) & EduModel.STATUS_DMA_FAULT).isNotZero();
        assertThat(machine.host().faults())
                .containsExactly(new DmaFault("0000:" + EDU, IOVA, false, DmaFault.Reason.BUS_MASTER_OFF));
    }

    @Test
    void shouldKeepDevicesApart() throws InterruptedException {
        takeMessages();
        machine.map("00:06.0", IOVA, memory.address(), PAGE, Protection.READ | Protection.WRITE);
        machine.map(EDU, IOVA + PAGE, memory.address() + PAGE, PAGE, Protection.READ | Protection.WRITE);
        transfer(IOVA, EduModel.BUFFER_ADDRESS, 4, 0);
        assertThat(machine.host().faults())
                .as("the other group's mapping does not help")
                .containsExactly(new DmaFault("0000:" + EDU, IOVA, false, DmaFault.Reason.NOT_MAPPED));
    }

    @Test
    void shouldSignalLineOnceUntilUnmasked() {
        edu.enableIntx(interrupts::release);
        write(0x60, 1);
        write(0x60, 2);
        assertThat(interrupts.drainPermits())
                .as("the line stays silent after the first")
                .isEqualTo(1);
        assertThat(read(0x24)).isEqualTo(3);
        assertThat(edu.readConfig(0x06, 2) & 0x8).as("STATUS shows it pending").isNotZero();
        edu.unmaskIntx();
        assertThat(interrupts.drainPermits())
                .as("still asserted: delivered again")
                .isEqualTo(1);
        write(0x64, 3);
        assertThat(edu.readConfig(0x06, 2) & 0x8).isZero();
        edu.unmaskIntx();
        assertThat(interrupts.drainPermits()).isZero();
        edu.disableIntx();
        write(0x60, 4);
        assertThat(interrupts.drainPermits()).isZero();
    }

    @Test
    void shouldHoldLineBackWhileDisabledInCommand() {
        edu.enableIntx(interrupts::release);
        edu.writeConfig(0x04, 2, 0x0406);
        write(0x60, 1);
        assertThat(interrupts.drainPermits()).isZero();
        assertThat(edu.readConfig(0x06, 2) & 0x8)
                .as("pending shows in spite of it")
                .isNotZero();
        edu.writeConfig(0x04, 2, 0x0006);
        assertThat(interrupts.drainPermits()).isEqualTo(1);
    }

    @Test
    void shouldSendMessagesInsteadOfLine() {
        edu.enableIntx(interrupts::release);
        var messages = new Semaphore(0);
        assertThat(edu.enableMsi(2, false, vector -> messages.release()))
                .as("only one vector is there")
                .isEqualTo(1);
        assertThat(edu.readConfig(0x42, 2) & 1).as("nothing was started").isZero();
        assertThat(edu.enableMsi(1, false, vector -> messages.release())).isEqualTo(1);
        assertThat(edu.readConfig(0x42, 2) & 1).isEqualTo(1);
        write(0x60, 1);
        assertThat(messages.drainPermits()).isEqualTo(1);
        assertThat(interrupts.drainPermits()).isZero();
        edu.disableMsi();
        assertThat(interrupts.drainPermits())
                .as("the cause is still there: now the line")
                .isEqualTo(1);
        assertThat(edu.enableMsi(1, true, vector -> messages.release()))
                .as("no MSI-X")
                .isZero();
    }
}
