// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.GIB;
import static org.vfio4j.backend.spapr.Rig.HOST_PAGE;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.READ;
import static org.vfio4j.backend.spapr.Rig.RW;
import static org.vfio4j.backend.spapr.Rig.SLOT_1;
import static org.vfio4j.backend.spapr.Rig.WRITE;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.iommu.TceConfig;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** MAP_DMA of both versions. */
class MapTest {
    private static final long WINDOW_END = 1L << 31;

    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();
    private final RawCall raw = rig.raw();
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-022")
    void shouldNeedOneRegistrationEver() {
        MemorySegment memory = rig.caller.memory(PAGE_64K);
        assertRefused(Errno.EPERM, () -> raw.callWithBadPointer(RawCall.MAP));
        assertRefused(Errno.EPERM, () -> raw.callWithBadPointer(RawCall.UNMAP));
        rig.register(memory);
        rig.unregister(memory);
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.MAP));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, memory.address(), 0, PAGE_4K));
    }

    @Test
    @Spec("S-027")
    void shouldRefuseOtherFlagsAndSizes() {
        long vaddr = rig.register(PAGE_64K).address();
        assertRefused(Errno.EINVAL, () -> raw.map(31, RW, vaddr, 0, PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW | 4, vaddr, 0, PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, 8, vaddr, 0, PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, 0, vaddr, 0, PAGE_4K));
        assertThat(raw.map(32, RW, vaddr, 0, PAGE_4K)).isZero();
    }

    @Test
    @Spec("S-028")
    void shouldLookForTheWindowBeforeTheDirection() {
        long vaddr = rig.register(PAGE_64K).address();
        assertRefused(Errno.ENXIO, () -> raw.map(32, 0, vaddr, WINDOW_END, PAGE_4K));
    }

    @Test
    @Spec("S-029")
    void shouldRefuseAddressesOutsideEveryWindow() {
        long vaddr = rig.register(PAGE_64K).address();
        assertRefused(Errno.ENXIO, () -> raw.map(32, RW, vaddr, WINDOW_END, PAGE_4K));
        assertRefused(Errno.ENXIO, () -> raw.map(32, RW, vaddr, -PAGE_4K, PAGE_4K));
        assertRefused(Errno.ENXIO, () -> raw.map(32, RW, vaddr, SLOT_1, PAGE_4K));
        assertThat(raw.map(32, RW, vaddr, WINDOW_END - PAGE_4K, PAGE_4K)).isZero();
    }

    @Test
    @Spec("S-030")
    void shouldRefuseMisalignedMemory() {
        long vaddr = rig.register(PAGE_64K).address();
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, vaddr + 0x800, 0, PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, vaddr, 0, PAGE_4K + 1));
    }

    @Test
    @Spec("S-031")
    void shouldAnswerOneToAMisalignedAddress() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertThat(raw.map(32, RW, memory.address(), 0x800, PAGE_4K)).isEqualTo(1);
        assertThat(rig.liveEntries(memory)).isZero();
        assertThat(group.tables().table().entry(0)).isZero();
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), 0x800, PAGE_4K));
    }

    @Test
    @Spec("S-032")
    void shouldMapNothing() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertThat(raw.map(32, RW, memory.address(), 0, 0)).isZero();
        assertThat(rig.liveEntries(memory)).isZero();
    }

    @Test
    @Spec("S-033")
    void shouldRefuseToRunPastTheWindow() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, memory.address(), WINDOW_END - PAGE_4K, 2 * PAGE_4K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, memory.address(), PAGE_4K, -PAGE_4K));
        assertThat(rig.liveEntries(memory)).isZero();
        assertThat(group.tables().table().entry((WINDOW_END >>> 12) - 1)).isZero();
    }

    @Test
    @Spec("S-038")
    void shouldLetTheDeviceOnlyRead() {
        MemorySegment memory = rig.register(PAGE_64K);
        rig.map(READ, memory.address(), 0, PAGE_4K);
        assertThat(group.tables().table().entry(0) & 3).isEqualTo(1);
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
        assertThat(group.port.write(0, buffer, 0, 64)).isFalse();
        assertThat(rig.faults.faults())
                .last()
                .satisfies(fault -> assertThat(fault.reason()).isEqualTo(DmaFault.Reason.PERMISSION));
    }

    @Test
    void shouldMoveBytesBothWays() {
        MemorySegment memory = rig.register(PAGE_64K);
        rig.map(WRITE, memory.address() + PAGE_4K, 0, PAGE_4K);
        rig.map(RW, memory.address() + 3 * PAGE_4K, PAGE_4K, PAGE_4K);
        assertThat(group.tables().table().entry(1) & 3).isEqualTo(3);
        buffer.fill((byte) 7);
        assertThat(group.port.write(PAGE_4K - 32, buffer, 0, 64)).isTrue();
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 2 * PAGE_4K - 32)).isEqualTo((byte) 7);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 2 * PAGE_4K)).isEqualTo((byte) 0);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 3 * PAGE_4K + 31)).isEqualTo((byte) 7);
        memory.fill((byte) 9);
        assertThat(group.port.read(PAGE_4K, buffer, 0, 64)).isTrue();
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 63)).isEqualTo((byte) 9);
    }

    @Test
    @Spec("S-041")
    void shouldReplaceLiveEntries() {
        MemorySegment first = rig.register(PAGE_64K);
        MemorySegment second = rig.register(PAGE_64K);
        rig.map(RW, first.address(), 0, 4 * PAGE_4K);
        assertThat(raw.map(32, RW, second.address(), PAGE_4K, PAGE_4K)).isZero();
        assertThat(rig.liveEntries(first)).isEqualTo(3);
        assertThat(rig.liveEntries(second)).isEqualTo(1);
        second.set(ValueLayout.JAVA_BYTE, 0, (byte) 42);
        group.port.read(PAGE_4K, buffer, 0, 64);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
    }

    @Test
    void shouldInvalidateBeforeOldPagesAreGivenBack() {
        MemorySegment memory = rig.register(PAGE_64K);
        MemorySegment other = rig.register(PAGE_64K);
        rig.map(RW, memory.address(), 0, PAGE_4K);
        rig.unregister(memory);
        TestTable table = group.tables().table();
        List<Long> pinnedAtInvalidate = new ArrayList<>();
        table.onInvalidate = () -> pinnedAtInvalidate.add(rig.physical.pinnedPages());
        rig.map(RW, other.address(), 0, PAGE_4K);
        assertThat(pinnedAtInvalidate).containsExactly(2L);
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        rig.unregister(other);
        rig.unmap(0, PAGE_4K);
        assertThat(pinnedAtInvalidate).containsExactly(2L, 1L);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    @Spec("S-045")
    void shouldMapOnlyRegisteredMemory() {
        MemorySegment memory = rig.caller.memory(4 * PAGE_64K);
        rig.register(memory.asSlice(PAGE_64K, PAGE_64K));
        rig.container.createWindow(rig.caller, 16, GIB, 1);
        long vaddr = memory.address();
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, vaddr, SLOT_1, PAGE_64K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, vaddr + 2 * PAGE_64K, SLOT_1, PAGE_64K));
        assertRefused(Errno.EINVAL, () -> raw.map(32, RW, vaddr + PAGE_64K, SLOT_1, 2 * PAGE_64K));
        assertThat(rig.liveEntries(memory.asSlice(PAGE_64K, PAGE_64K))).isZero();
        assertThat(raw.map(32, RW, vaddr + PAGE_64K, SLOT_1, PAGE_64K)).isZero();
    }

    @Test
    void shouldMapAcrossAdjacentRegions() {
        MemorySegment memory = rig.caller.memory(2 * PAGE_64K);
        rig.register(memory.asSlice(0, PAGE_64K));
        rig.register(memory.asSlice(PAGE_64K, PAGE_64K));
        rig.map(RW, memory.address() + PAGE_64K - PAGE_4K, 0, 3 * PAGE_4K);
        assertThat(rig.liveEntries(memory)).isEqualTo(1);
        assertThat(rig.liveEntries(memory.asSlice(PAGE_64K, PAGE_64K))).isEqualTo(2);
    }

    @Test
    @Spec("S-049")
    void shouldPutSeveralEntriesIntoOneHostPage() {
        MemorySegment memory = rig.register(PAGE_64K);
        for (int i = 0; i < 4; i++) {
            rig.map(RW, memory.address() + i * PAGE_4K, i * PAGE_4K, PAGE_4K);
        }
        assertThat(rig.liveEntries(memory)).isEqualTo(4);
        assertThat(rig.caller.locked()).isEqualTo(1 + Rig.DEFAULT_TABLE);
        assertThat(group.tables().table().entry(3) - group.tables().table().entry(0))
                .isEqualTo(3 * PAGE_4K);
    }

    @Test
    @Spec("S-050")
    void shouldNotRestoreWhatAFailedCallReplaced() {
        MemorySegment old = rig.register(MIB);
        MemorySegment memory = rig.register(PAGE_64K);
        rig.map(old, 0);
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), 0, PAGE_64K + PAGE_4K));
        for (int entry = 0; entry < 16; entry++) {
            assertThat(group.tables().table().entry(entry))
                    .as("entry %s", entry)
                    .isZero();
        }
        assertThat(group.tables().table().entry(16)).isNotZero();
        assertThat(rig.liveEntries(memory)).isZero();
        assertThat(rig.liveEntries(old)).isEqualTo(256 - 16);
        assertThat(group.port.read(0, buffer, 0, 64)).isFalse();
        assertThat(group.port.read(PAGE_64K, buffer, 0, 64)).isTrue();
    }

    @Test
    void shouldUndoBlocksBeforeTheOneThatFailed() {
        MemorySegment memory = rig.register(4 * MIB);
        assertRefused(Errno.EINVAL, () -> rig.map(RW, memory.address(), 5 * PAGE_4K, 4 * MIB + PAGE_4K));
        assertThat(rig.liveEntries(memory)).isZero();
        for (int entry = 0; entry < 1032; entry++) {
            assertThat(group.tables().table().entry(entry))
                    .as("entry %s", entry)
                    .isZero();
        }
    }

    @Test
    @Spec("S-118")
    void shouldUndoWhenALowerLevelCannotBeAllocated() {
        MemorySegment memory = rig.register(MIB);
        rig.container.removeWindow(rig.caller, 0);
        rig.container.createWindow(rig.caller, 12, GIB, 1);
        group.tables().table().refusedEntry = 20;
        assertRefused(Errno.ENOMEM, () -> rig.map(memory, 0));
        assertThat(rig.liveEntries(memory)).isZero();
        for (int entry = 0; entry < 256; entry++) {
            assertThat(group.tables().table().entry(entry))
                    .as("entry %s", entry)
                    .isZero();
        }
        rig.unregister(memory);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    void shouldUndoWhenTheRealTableHasNoMoreMemory() {
        TceConfig config = TceConfig.defaults().withHostPageSize(HOST_PAGE).withTableMemoryLimit(2 * PAGE_64K);
        Rig small = new Rig(true, config);
        small.attach();
        small.container.removeWindow(small.caller, 0);
        small.container.createWindow(small.caller, 12, GIB, 2);
        MemorySegment memory = small.register(PAGE_64K);
        long secondLeaf = 8192 * PAGE_4K;
        assertRefused(Errno.ENOMEM, () -> small.map(RW, memory.address(), secondLeaf - 2 * PAGE_4K, 4 * PAGE_4K));
        assertThat(small.liveEntries(memory)).isZero();
        small.map(RW, memory.address(), secondLeaf - 2 * PAGE_4K, 2 * PAGE_4K);
        assertThat(small.liveEntries(memory)).isEqualTo(2);
    }

    @Test
    @Spec("S-042")
    void shouldPinForWritingInVersion1WhateverTheDirection() {
        Rig v1 = enabledVersion1();
        MemorySegment memory = v1.caller.memory(PAGE_64K);
        v1.caller.own.protect(memory, Protection.READ);
        assertRefused(Errno.EFAULT, () -> v1.map(READ, memory.address(), 0, PAGE_4K));
        v1.caller.own.protect(memory, Protection.READ | Protection.WRITE);
        v1.map(READ, memory.address(), 0, PAGE_4K);
    }

    @Test
    @Spec("S-043")
    void shouldKeepTheOffsetInTheHostPageInVersion1() {
        Rig v1 = Rig.v1();
        TestGroup v1Group = v1.attach();
        v1.container.enable(v1.caller);
        MemorySegment memory = v1.caller.memory(PAGE_64K);
        memory.set(ValueLayout.JAVA_BYTE, PAGE_4K, (byte) 5);
        v1.map(RW, memory.address() + PAGE_4K, 0, PAGE_4K);
        assertThat(v1Group.tables().table().entry(0) & 0xf000).isEqualTo(0x1000);
        v1Group.port.read(0, buffer, 0, 64);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
    }

    @Test
    @Spec("S-044")
    void shouldUndoInVersion1WhenAPageIsMissing() {
        Rig v1 = Rig.v1();
        TestGroup v1Group = v1.attach();
        v1.container.enable(v1.caller);
        MemorySegment memory = v1.caller.memory(2 * PAGE_64K);
        v1.caller.own.free(memory.asSlice(PAGE_64K, PAGE_64K));
        long vaddr = memory.address() + PAGE_64K - 2 * PAGE_4K;
        v1.map(RW, memory.address(), 0, PAGE_4K);
        assertRefused(Errno.EFAULT, () -> v1.map(RW, vaddr, 0, 3 * PAGE_4K));
        assertThat(v1Group.tables().table().entry(0)).isZero();
        assertThat(v1Group.tables().table().entry(1)).isZero();
        assertThat(v1.physical.pinnedPages()).isZero();
    }

    @Test
    void shouldHoldOnePinPerEntryInVersion1() {
        Rig v1 = enabledVersion1();
        MemorySegment memory = v1.caller.memory(PAGE_64K);
        long charged = v1.caller.locked();
        v1.map(RW, memory.address(), 0, 4 * PAGE_4K);
        assertThat(v1.physical.pinnedPages()).isEqualTo(4);
        v1.map(RW, memory.address(), PAGE_4K, PAGE_4K);
        assertThat(v1.physical.pinnedPages()).as("after replacing one").isEqualTo(4);
        v1.unmap(PAGE_4K, PAGE_4K);
        assertThat(v1.physical.pinnedPages()).isEqualTo(3);
        assertThat(v1.caller.locked()).as("only the table was charged").isEqualTo(charged + Rig.DEFAULT_TABLE);
    }

    private static Rig enabledVersion1() {
        Rig v1 = Rig.v1();
        v1.attach();
        v1.container.enable(v1.caller);
        return v1;
    }
}
