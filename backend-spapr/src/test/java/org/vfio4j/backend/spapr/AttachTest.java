// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.GIB;
import static org.vfio4j.backend.spapr.Rig.MIB;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.SLOT_1;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Groups that join and leave. */
class AttachTest {
    private final Rig rig = Rig.v2();
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[64]);

    @Test
    @Spec("S-003")
    void shouldHoldOneGroupInVersion1() {
        Rig v1 = Rig.v1();
        v1.attach();
        assertRefused(Errno.EBUSY, v1::attach);
    }

    @Test
    @Spec("S-004")
    void shouldHoldSeveralGroupsOfOnePlatformInVersion2() {
        rig.attach();
        rig.attach();
        TestGroup other = rig.group();
        other.tables().platformIdentity = "another kind of platform";
        assertRefused(Errno.EPERM, () -> rig.attach(other));
    }

    @Test
    @Spec("S-005")
    void shouldRefuseGroupsWithoutTables() {
        assertRefused(Errno.EINVAL, () -> rig.container.attachGroup(rig.group(), GroupKind.EMULATED));
        assertRefused(Errno.ENODEV, () -> rig.attach(rig.group(false)));
    }

    @Test
    @Spec("S-006")
    void shouldNeedDynamicWindowsInVersion2Only() {
        TestGroup fixed = rig.group();
        fixed.tables().maxDynamicWindows = 0;
        assertRefused(Errno.EINVAL, () -> rig.attach(fixed));
        Rig v1 = Rig.v1();
        TestGroup sameInVersion1 = v1.group();
        sameInVersion1.tables().maxDynamicWindows = 0;
        v1.attach(sameInVersion1);
    }

    @Test
    @Spec("S-007")
    void shouldRefuseTheSameGroupTwice() {
        TestGroup group = rig.attach();
        assertRefused(Errno.EBUSY, () -> rig.attach(group));
    }

    @Test
    @Spec("S-090")
    void shouldGiveAllWindowsToAGroupThatJoins() {
        rig.attach();
        MemorySegment memory = rig.register(MIB);
        rig.container.createWindow(rig.caller, 16, GIB, 1);
        rig.map(memory, 0);
        rig.map(memory, SLOT_1);
        TestGroup second = rig.attach();
        assertThat(second.tables().set).doesNotContainNull();
        assertThat(second.port.read(64, buffer, 0, 64)).isTrue();
        assertThat(second.port.write(SLOT_1 + PAGE_64K, buffer, 0, 64)).isTrue();
    }

    @Test
    @Spec("S-091")
    void shouldTakeBackWhatAGroupGotWhenOneWindowIsRefused() {
        TestGroup first = rig.attach();
        MemorySegment memory = rig.register(MIB);
        rig.container.createWindow(rig.caller, 16, GIB, 1);
        rig.map(memory, 0);
        TestGroup second = rig.group();
        second.tables().refuseSet = Errno.EIO;
        second.tables().setsBeforeRefusal = 1;
        assertRefused(Errno.EIO, () -> rig.attach(second));
        assertThat(second.tables().set).containsOnlyNulls();
        assertThat(second.port.read(0, buffer, 0, 64)).isFalse();
        assertThat(first.port.read(0, buffer, 0, 64)).isTrue();
        second.tables().refuseSet = null;
        rig.attach(second);
        assertThat(second.port.read(0, buffer, 0, 64)).isTrue();
    }

    @Test
    @Spec("S-092")
    void shouldClearSharedWindowsWhenAGroupLeaves() {
        TestGroup first = rig.attach();
        TestGroup second = rig.attach();
        MemorySegment memory = rig.register(MIB);
        rig.map(memory, 0);
        rig.container.detachGroup(second);
        assertThat(second.tables().set).containsOnlyNulls();
        assertThat(first.port.read(0, buffer, 0, 64)).isFalse();
        assertThat(rig.liveEntries(memory)).isZero();
        rig.map(memory, 0);
        assertThat(first.port.read(0, buffer, 0, 64)).isTrue();
        assertThat(second.port.read(0, buffer, 0, 64)).isFalse();
    }

    @Test
    void shouldIgnoreTheDetachOfAStrangeGroup() {
        TestGroup group = rig.attach();
        rig.map(rig.register(MIB), 0);
        rig.container.detachGroup(rig.group());
        assertThat(group.port.read(0, buffer, 0, 64)).isTrue();
    }

    @Test
    @Spec("S-094")
    void shouldUnsetAWindowThatOnlyItsOwnGroupMayHave() {
        TestGroup first = rig.group();
        TestGroup second = rig.group();
        for (TestGroup group : new TestGroup[] {first, second}) {
            group.tables().ownTablesOnly = true;
            rig.attach(group);
        }
        rig.container.removeWindow(rig.caller, 0);
        assertRefused(Errno.EPERM, () -> rig.container.createWindow(rig.caller, 16, GIB, 1));
        assertThat(first.tables().set).containsOnlyNulls();
        assertThat(second.tables().set).containsOnlyNulls();
        assertThat(second.tables().table().freed).isTrue();
        assertThat(rig.caller.locked()).isZero();
        rig.container.detachGroup(first);
        assertThat(rig.container.createWindow(rig.caller, 16, GIB, 1))
                .isEqualTo(second.tables().table().startAddress());
        assertThat(second.tables().set[0]).isNotNull();
    }

    @Test
    @Spec("S-116")
    void shouldGiveEverythingBackOnRelease() {
        TestGroup group = rig.attach();
        MemorySegment memory = rig.register(MIB);
        rig.container.createWindow(rig.caller, 16, GIB, 1);
        rig.map(memory, 0);
        rig.map(memory, SLOT_1);
        rig.close(group);
        rig.assertNothingHeld();
        assertThat(group.tables().made).allMatch(table -> table.freed);
        assertThat(group.port.read(0, buffer, 0, 64)).isFalse();

        Rig unorderly = Rig.v2();
        unorderly.attach();
        unorderly.map(unorderly.register(MIB), 0);
        unorderly.container.release();
        unorderly.assertNothingHeld();

        Rig v1 = Rig.v1();
        TestGroup v1Group = v1.attach();
        v1.container.enable(v1.caller);
        v1.map(v1.caller.memory(MIB), 0);
        v1.close(v1Group);
        v1.assertNothingHeld();
    }
}
