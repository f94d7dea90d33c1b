// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** Drives QEMU's edu engine with preads and pwrites of its regions. Spec: pci §21. */
final class EduProgram {
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT;
    private static final long BUFFER = 0x40000;
    private static final long DMA_COMMAND = 0x98;
    private static final int POLLS = 100_000_000;

    private final UapiSystem system;
    private final long device;
    private final MemorySegment scratch;
    private final long registers;

    EduProgram(Program program, long device) {
        this.system = program.system;
        this.device = device;
        this.scratch = system.memory(4096);
        this.registers = region(VfioPci.VFIO_PCI_BAR0_REGION_INDEX);
        long config = region(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX);
        scratch.set(ValueLayout.JAVA_SHORT, 0, (short) 6); // memory decoding and bus master
        assertThat(system.pwrite(device, scratch.asSlice(0, 2), config + 4)).isEqualTo(2);
    }

    private long region(int index) {
        var info = scratch.asSlice(0, VfioRegionInfo.SIZEOF).fill((byte) 0);
        VfioRegionInfo.argsz(info, VfioRegionInfo.SIZEOF);
        VfioRegionInfo.index(info, index);
        Program.require("GET_REGION_INFO", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_REGION_INFO, info));
        return VfioRegionInfo.offset(info);
    }

    /** Has the engine carry bytes from one address to another, through its own buffer. */
    void carry(long from, long to, int length) {
        transfer(from, BUFFER, length, 1);
        transfer(BUFFER, to, length, 3);
    }

    /** Requires that what lies at one place of memory arrives at another. */
    void assertCarries(MemorySegment memory, long iova) {
        int half = (int) Math.min(memory.byteSize() / 2, 4096);
        var random = new SplittableRandom(iova);
        for (long i = 0; i < half; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        carry(iova, iova + half, half);
        assertThat(memory.asSlice(0, half).mismatch(memory.asSlice(half, half)))
                .as("first byte the device carried wrongly")
                .isEqualTo(-1);
    }

    /** Requires that the engine cannot change memory at an address. */
    void assertCannotWrite(MemorySegment memory, long iova) {
        memory.fill((byte) 0x5a);
        transfer(BUFFER, iova, 64, 3);
        for (long i = 0; i < 64; i++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).as("byte %d", i).isEqualTo((byte) 0x5a);
        }
    }

    private void transfer(long source, long destination, int length, int command) {
        word(0x80, source);
        word(0x88, destination);
        word(0x90, length);
        word(DMA_COMMAND, command);
        for (var i = 0; i < POLLS; i++) {
            assertThat(system.pread(device, scratch.asSlice(0, 4), registers + DMA_COMMAND))
                    .isEqualTo(4);
            if ((scratch.get(WORD, 0) & 1) == 0) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("the engine does not finish");
    }

    private void word(long register, long value) {
        scratch.set(ValueLayout.JAVA_LONG, 0, value);
        assertThat(system.pwrite(device, scratch.asSlice(0, 8), registers + register))
                .isEqualTo(8);
    }
}
