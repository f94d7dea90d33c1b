// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.DmaFault.Reason;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Devices that translate through windows of TCE tables. */
class TceGroupTest {
    private static final long SLOT_1 = 1L << 59;
    private static final int PAGE = 4096;

    private final FrameTable physical = new FrameTable();
    private final FaultLog faults = new FaultLog();
    private final Arena arena = Arena.ofShared();
    private final TceUnit unit = new TceUnit("phb0", physical, TceConfig.defaults(), faults);
    private final EmbeddedGroup group = unit.newGroup(1);
    private final TceTableGroup windows = group.tceTableGroup().orElseThrow();
    private final MemorySegment memory = arena.allocate(1 << 20, 1 << 16);
    private final long phys = physical.insert(new SegmentMemory(memory));
    private final MemorySegment buffer = arena.allocate(PAGE);
    private final DmaPort port = newPort(group, "0001:00:00.0");

    private static DmaPort newPort(EmbeddedGroup group, String name) {
        var device = new SimulatedDevice(name);
        group.join(device);
        return group.port(device, () -> true);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void assertFault(long iova, boolean write, Reason reason) {
        assertThat(faults.faults()).last().isEqualTo(new DmaFault("0001:00:00.0", iova, write, reason));
    }

    @Test
    void shouldTranslateThroughBothWindows() {
        assertThat(port.read(0, buffer, 0, 8)).isFalse();
        assertFault(0, false, Reason.BLOCKED);
        TceTable low = windows.createTable(0, 12, 1L << 31, 1);
        TceTable high = windows.createTable(1, 16, 1L << 30, 2);
        windows.setWindow(0, low);
        windows.setWindow(1, high);
        low.exchange(3, phys, 3);
        high.exchange(1, phys + (1 << 16), 3);
        memory.set(ValueLayout.JAVA_LONG, 16, 0x1234);
        assertThat(port.read(0x3010, buffer, 0, 8)).isTrue();
        assertThat(buffer.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x1234);
        assertThat(port.write(SLOT_1 + (1 << 16) + 0x8000, buffer, 0, 8)).isTrue();
        assertThat(memory.get(ValueLayout.JAVA_LONG, (1 << 16) + 0x8000)).isEqualTo(0x1234);
        assertThat(port.read(0x4000, buffer, 0, 8)).isFalse();
        assertFault(0x4000, false, Reason.NOT_MAPPED);
        assertThat(port.read(1L << 31, buffer, 0, 8)).isFalse();
        assertFault(1L << 31, false, Reason.NOT_MAPPED);
        assertThat(port.read(SLOT_1 - 8, buffer, 0, 8)).isFalse();
        assertThat(port.read(-8, buffer, 0, 8)).isFalse();

        windows.unsetWindow(0);
        assertThat(port.read(0x3010, buffer, 0, 8)).as("window gone").isFalse();
        assertFault(0x3010, false, Reason.NOT_MAPPED);
        assertThat(port.read(SLOT_1 + (1 << 16), buffer, 0, 8)).isTrue();
        windows.unsetWindow(1);
        windows.unsetWindow(1);
        low.free();
        high.free();
    }

    @Test
    void shouldRefuseWhatTheEntryDoesNotAllow() {
        TceTable table = windows.createTable(0, 12, 1L << 31, 1);
        windows.setWindow(0, table);
        table.exchange(0, phys, 1);
        assertThat(port.read(0, buffer, 0, 8)).isTrue();
        assertThat(port.write(0, buffer, 0, 8)).isFalse();
        assertFault(0, true, Reason.PERMISSION);
        table.exchange(0, phys, 2);
        table.invalidate(0, 1);
        assertThat(port.write(0, buffer, 0, 8)).isTrue();
        assertThat(port.read(0, buffer, 0, 8)).as("write implies read").isTrue();
    }

    @Test
    void shouldUseAnEntryUntilItIsInvalidated() {
        TceTable table = windows.createTable(0, 12, 1L << 31, 1);
        windows.setWindow(0, table);
        table.exchange(0, phys, 3);
        assertThat(port.read(0, buffer, 0, 8)).isTrue();
        table.exchange(0, 0, 0);
        table.invalidate(0, 1);
        assertThat(port.read(0, buffer, 0, 8)).isFalse();
        assertFault(0, false, Reason.NOT_MAPPED);
    }

    @Test
    void shouldShareATableBetweenGroups() {
        EmbeddedGroup other = unit.newGroup(2);
        DmaPort otherPort = newPort(other, "0001:01:00.0");
        TceTable table = windows.createTable(0, 12, 1L << 31, 1);
        windows.setWindow(0, table);
        other.tceTableGroup().orElseThrow().setWindow(0, table);
        table.exchange(0, phys, 3);
        assertThat(port.read(0, buffer, 0, 8)).isTrue();
        assertThat(otherPort.read(0, buffer, 0, 8)).isTrue();
        table.exchange(0, 0, 0);
        table.invalidate(0, 1);
        assertThat(otherPort.read(0, buffer, 0, 8))
                .as("invalidated for all groups")
                .isFalse();
        windows.unsetWindow(0);
        assertThatThrownBy(table::free).isInstanceOf(IllegalStateException.class);
        other.tceTableGroup().orElseThrow().unsetWindow(0);
        table.free();
    }

    @Test
    void shouldRefuseATableMadeForAnotherSlot() {
        TceTable table = windows.createTable(1, 12, 1L << 31, 1);
        assertThatThrownBy(() -> windows.setWindow(0, table))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.EPERM));
        table.free();
    }

    @Test
    void shouldRefusePagingDomains() {
        assertThatThrownBy(() -> group.allocateDomain(false))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.EOPNOTSUPP));
        var paging = new PagingUnit("dmar0", physical, PagingConfig.defaults(), faults).newGroup(5);
        assertThat(paging.tceTableGroup()).isEmpty();
        assertThatThrownBy(() -> group.attach(paging.allocateDomain(false)))
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void shouldUnsetWindowsWhenOwnershipIsGivenBack() {
        var owner = new Object();
        group.claimDmaOwner(owner, false);
        TceTable table = windows.createTable(0, 12, 1L << 31, 1);
        windows.setWindow(0, table);
        table.exchange(0, phys, 3);
        assertThat(port.read(0, buffer, 0, 8)).isTrue();
        group.releaseDmaOwner(owner);
        assertThat(port.read(0, buffer, 0, 8)).isFalse();
        assertFault(0, false, Reason.BLOCKED);
        table.free();
    }
}
