// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.DEFAULT_TABLE;
import static org.vfio4j.backend.spapr.Rig.GIB;
import static org.vfio4j.backend.spapr.Rig.HOST_PAGE;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_4K;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.RW;
import static org.vfio4j.backend.spapr.Rig.SLOT_1;
import static org.vfio4j.backend.spapr.Rig.TIB;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** TCE_CREATE and TCE_REMOVE. */
class WindowTest {
    /** 2 * (128 MiB + 64 KiB): a window of 1 TiB in pages of 64 KiB with 2 levels. */
    private static final long TIB_TABLE = 4098;

    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();
    private final RawCall raw = rig.raw();
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-072")
    void shouldNeedAGroup() {
        SpaprContainer empty = rig.open(7);
        RawCall call = new RawCall(empty, rig.caller);
        assertRefused(Errno.ENXIO, () -> call.callWithBadPointer(RawCall.CREATE));
        assertRefused(Errno.ENXIO, () -> call.callWithBadPointer(RawCall.REMOVE));
    }

    @Test
    @Spec("S-073")
    void shouldRefuseOtherFlagsAndSizes() {
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.CREATE));
        assertRefused(Errno.EINVAL, () -> raw.create(39, 0, 16, GIB, 1));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 1, 16, GIB, 1));
        assertThat(group.tables().made).isEmpty();
    }

    @Test
    @Spec("S-074")
    void shouldMakeTheDefaultWindowFirst() {
        assertThat(raw.create(40, 0, 16, TIB, 2)).isZero();
        assertThat(raw.longAt(32)).isEqualTo(SLOT_1);
        assertThat(raw.longAt(16)).isEqualTo(TIB);
        assertThat(group.tables().made).hasSize(2);
        assertThat(group.tables().made.getFirst().startAddress()).isZero();
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE + TIB_TABLE);
    }

    @Test
    @Spec("S-075")
    void shouldHaveTwoSlots() {
        raw.create(40, 0, 16, GIB, 1);
        long charged = rig.caller.locked();
        assertRefused(Errno.ENOSPC, () -> raw.create(40, 0, 16, GIB, 1));
        assertThat(rig.caller.locked()).isEqualTo(charged);
    }

    @Test
    @Spec("S-076")
    void shouldRefusePageSizesThatAreNotOffered() {
        for (int shift : new int[] {0, 11, 21, 63, 64, 76, 80, -1, Integer.MIN_VALUE}) {
            assertRefused(Errno.EINVAL, () -> raw.create(40, 0, shift, GIB, 1));
        }
    }

    @Test
    @Spec("S-077")
    void shouldRefuseShapesNoTableHas() {
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, 3 * GIB, 1));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, 0, 1));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, GIB, 0));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, GIB, 6));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, GIB, -1));
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE);
    }

    @Test
    @Spec("S-078")
    void shouldRefuseAWindowSmallerThanItsPage() {
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, PAGE_4K, 1));
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 24, MIB, 1));
    }

    @Test
    @Spec("S-079")
    void shouldEnlargeATinyWindow() {
        MemorySegment memory = rig.register(PAGE_64K);
        raw.create(40, 0, 12, PAGE_64K, 1);
        assertThat(group.tables().table().entries()).isEqualTo(8192);
        rig.map(memory, SLOT_1 + 32 * MIB - PAGE_64K);
        assertThat(group.port.read(SLOT_1 + 32 * MIB - 64, buffer, 0, 64)).isTrue();
        assertRefused(Errno.ENXIO, () -> rig.map(memory, SLOT_1 + 32 * MIB));
    }

    @Test
    @Spec("S-080")
    void shouldRefuseMoreLevelsThanTheAddressHasBits() {
        assertRefused(Errno.EINVAL, () -> raw.create(40, 0, 16, GIB, 3));
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE);
        assertThat(raw.create(40, 0, 12, GIB, 3)).isZero();
    }

    @Test
    @Spec("S-081")
    void shouldKeepTheDefaultWindowWhenTheOtherExceedsTheLimit() {
        rig.caller.memlockLimit = (DEFAULT_TABLE + TIB_TABLE) * HOST_PAGE - 1;
        assertRefused(Errno.ENOMEM, () -> raw.create(40, 0, 16, TIB, 2));
        assertThat(group.tables().made).hasSize(1);
        assertThat(group.tables().set[0]).isNotNull();
        assertThat(rig.caller.locked()).isEqualTo(DEFAULT_TABLE);
        rig.caller.memlockLimit = (DEFAULT_TABLE + TIB_TABLE) * HOST_PAGE;
        assertThat(raw.create(40, 0, 16, TIB, 2)).isZero();
        assertThat(raw.longAt(32)).isEqualTo(SLOT_1);
    }

    @Test
    void shouldGiveTheChargeBackWhenThePlatformHasNoTable() {
        group.tables().refuseCreate = Errno.ENODEV;
        assertRefused(Errno.ENODEV, () -> raw.create(40, 0, 16, GIB, 1));
        assertThat(rig.caller.locked()).isZero();
    }

    @Test
    @Spec("S-082")
    void shouldUnsetEverywhereWhenOneGroupRefuses() {
        TestGroup newest = rig.attach();
        rig.register(PAGE_64K);
        rig.unmap(0, PAGE_4K);
        long charged = rig.caller.locked();
        group.tables().refuseSet = Errno.EIO;
        assertRefused(Errno.EIO, () -> raw.create(40, 0, 16, GIB, 1));
        assertThat(newest.tables().set[1]).isNull();
        assertThat(newest.tables().table().freed).isTrue();
        assertThat(rig.caller.locked()).isEqualTo(charged);
        group.tables().refuseSet = null;
        assertThat(raw.create(40, 0, 16, GIB, 1)).isZero();
        assertThat(group.tables().set[1]).isNotNull().isSameAs(newest.tables().set[1]);
    }

    @Test
    @Spec("S-083")
    void shouldKeepTheWindowWhenItsAddressCannotBeWritten() {
        raw.ints(0, 40, 0, 16, 0).longs(16, GIB).ints(24, 1, 0);
        rig.caller.own.protect(raw.argument, Protection.READ);
        assertRefused(Errno.EFAULT, () -> raw.call(RawCall.CREATE));
        assertThat(group.tables().set[1]).isNotNull();
    }

    @Test
    @Spec("S-084")
    void shouldForgetTheDefaultWindow() {
        MemorySegment memory = rig.register(PAGE_64K);
        assertThat(raw.remove(16, 0, 0)).isZero();
        assertRefused(Errno.ENXIO, () -> rig.map(memory, 0));
        assertThat(group.tables().made).isEmpty();
        assertThat(raw.create(40, 0, 16, GIB, 1)).isZero();
        assertThat(raw.longAt(32)).isZero();
        assertThat(group.tables().made).hasSize(1);
        rig.map(memory, 0);
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
    }

    @Test
    @Spec("S-085")
    void shouldRemoveTheWindowThatContainsTheAddress() {
        assertRefused(Errno.EINVAL, () -> raw.remove(16, 0, 0x1000));
        rig.register(PAGE_64K);
        rig.unmap(0, PAGE_4K);
        assertThat(raw.remove(16, 0, 0x1000)).isZero();
        assertThat(group.tables().set[0]).isNull();
        assertThat(rig.caller.locked()).isEqualTo(1);
    }

    @Test
    @Spec("S-086")
    void shouldRefuseToRemoveWhatIsNotThere() {
        assertRefused(Errno.EFAULT, () -> raw.callWithBadPointer(RawCall.REMOVE));
        assertRefused(Errno.EINVAL, () -> raw.remove(15, 0, 0));
        assertRefused(Errno.EINVAL, () -> raw.remove(16, 1, 0));
        assertRefused(Errno.EINVAL, () -> raw.remove(16, 0, SLOT_1));
        raw.create(40, 0, 16, GIB, 1);
        assertRefused(Errno.EINVAL, () -> raw.remove(16, 0, SLOT_1 + GIB));
        assertThat(raw.remove(16, 0, SLOT_1)).isZero();
    }

    @Test
    @Spec("S-087")
    void shouldClearAWindowThatIsRemoved() {
        MemorySegment memory = rig.register(MIB);
        rig.map(memory, 0);
        assertThat(raw.remove(16, 0, 0)).isZero();
        assertThat(rig.liveEntries(memory)).isZero();
        assertThat(rig.caller.locked()).isEqualTo(16);
        assertThat(group.tables().table().freed).isTrue();
        assertThat(group.port.read(0, buffer, 0, 64)).isFalse();
    }

    @Test
    @Spec("S-088")
    void shouldNotMakeTheDefaultWindowAgain() {
        MemorySegment memory = rig.register(PAGE_64K);
        raw.create(40, 0, 16, GIB, 1);
        raw.remove(16, 0, 0);
        rig.map(memory, SLOT_1);
        assertRefused(Errno.ENXIO, () -> rig.map(RW, memory.address(), 0, PAGE_4K));
        assertThat(group.tables().made).hasSize(2);
    }

    @Test
    @Spec("S-089")
    void shouldLeaveAWindowAloneThatThePlatformCannotUnset() {
        TestGroup newest = rig.attach();
        MemorySegment memory = rig.register(PAGE_64K);
        rig.map(memory, 0);
        group.tables().refuseUnset = Errno.EPERM;
        assertRefused(Errno.EPERM, () -> raw.remove(16, 0, 0));
        assertThat(rig.liveEntries(memory)).isEqualTo(16);
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
        assertThat(newest.port.read(0, buffer, 0, 64))
                .as("unset before and set again")
                .isTrue();
    }

    @Test
    @Spec("S-119")
    void shouldServeAMachineMonitor() {
        MemorySegment ram = rig.register(64 * MIB);
        assertThat(raw.ints(0, 32).call(RawCall.GET_INFO)).isZero();
        assertThat(raw.remove(16, 0, Integer.toUnsignedLong(raw.intAt(8)))).isZero();
        assertThat(raw.create(40, 0, 16, 64 * GIB, 1)).isZero();
        assertThat(raw.longAt(32)).isZero();
        assertThat(raw.map(32, RW, ram.address(), 0, 64 * MIB)).isZero();
        buffer.fill((byte) 3);
        assertThat(group.port.write(64 * MIB - 64, buffer, 0, 64)).isTrue();
        assertThat(ram.get(ValueLayout.JAVA_BYTE, 64 * MIB - 1)).isEqualTo((byte) 3);
        assertThat(raw.unmap(24, 0, 0, 64 * MIB)).isZero();
        assertThat(raw.remove(16, 0, 0)).isZero();
        assertThat(raw.unregister(24, 0, ram.address(), 64 * MIB)).isZero();
        rig.assertNothingHeld();
        rig.close(group);
    }

    @Test
    @Spec("S-120")
    void shouldServeAPacketProcessor() {
        MemorySegment memory = rig.caller.memory(MIB);
        raw.ints(0, 32).call(RawCall.GET_INFO);
        assertThat(raw.remove(16, 0, 0)).isZero();
        group.tables().refuseCreate = Errno.ENOMEM;
        assertRefused(Errno.ENOMEM, () -> raw.create(40, 0, 16, TIB, 1));
        group.tables().refuseCreate = null;
        assertThat(raw.create(40, 0, 16, TIB, 2)).isZero();
        assertThat(raw.longAt(32)).isZero();
        assertThat(raw.register(24, 0, memory.address(), MIB)).isZero();
        assertThat(raw.map(32, RW, memory.address(), 0, MIB)).isZero();
        assertThat(group.port.read(MIB - 64, buffer, 0, 64)).isTrue();
        rig.close(group);
        rig.assertNothingHeld();
    }
}
