// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.TceConfig;
import org.vfio4j.host.embedded.iommu.TceUnit;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What every test starts from: a PowerNV host with 64 KiB pages and a 2 GiB default window, one process without limit, and
 * one container.
 */
final class Rig {
    static final int HOST_PAGE = 1 << 16;
    static final long PAGE_4K = 1 << 12;
    static final long PAGE_64K = 1 << 16;
    static final long MIB = 1 << 20;
    static final long GIB = 1 << 30;
    static final long TIB = 1L << 40;
    static final long SLOT_1 = 1L << 59;
    static final int READ = Protection.READ;
    static final int WRITE = Protection.WRITE;
    static final int RW = READ | WRITE;

    /** Pages charged for the default window's table: 2 * 4 MiB. */
    static final long DEFAULT_TABLE = 128;

    final FrameTable physical = new FrameTable(HOST_PAGE);
    final SpaprDriver driver = new SpaprDriver(physical);
    final FaultLog faults = new FaultLog();
    final TestCaller caller = new TestCaller(physical);
    final SpaprContainer container;
    final TceConfig config;
    private int groups;

    Rig(boolean version2, TceConfig config) {
        this.config = config;
        this.container = open(version2 ? 7 : 2);
    }

    static Rig v2() {
        return new Rig(true, TceConfig.defaults().withHostPageSize(HOST_PAGE));
    }

    static Rig v1() {
        return new Rig(false, TceConfig.defaults().withHostPageSize(HOST_PAGE));
    }

    /** Another container of the same host. */
    SpaprContainer open(int type) {
        return (SpaprContainer) driver.open(type);
    }

    TestGroup group() {
        return group(true);
    }

    TestGroup group(boolean withTables) {
        int id = ++groups;
        return new TestGroup(new TceUnit("pe" + id, physical, config, faults).newGroup(id), withTables);
    }

    TestGroup attach() {
        TestGroup group = group();
        attach(group);
        return group;
    }

    void attach(TestGroup group) {
        container.attachGroup(group, GroupKind.IOMMU);
    }

    /** Registers new memory. */
    MemorySegment register(long bytes) {
        MemorySegment memory = caller.memory(bytes);
        register(memory);
        return memory;
    }

    void register(MemorySegment memory) {
        container.registerMemory(caller, memory.address(), memory.byteSize());
    }

    void unregister(MemorySegment memory) {
        container.unregisterMemory(caller, memory.address(), memory.byteSize());
    }

    void map(int flags, long vaddr, long iova, long size) {
        container.mapDma(caller, flags, vaddr, iova, size);
    }

    void map(MemorySegment memory, long iova) {
        map(RW, memory.address(), iova, memory.byteSize());
    }

    void unmap(long iova, long size) {
        container.unmapDma(caller, 0, iova, size);
    }

    RawCall raw() {
        return new RawCall(container, caller);
    }

    /** The entries that point into the registered memory at an address. */
    static long liveEntries(RegionTable regions, MemorySegment memory) {
        MemoryRegion region = regions.find(memory.address());
        if (region == null) {
            throw new AssertionError("nothing is registered at 0x" + Long.toHexString(memory.address()));
        }
        return region.references() - (region.users > 0 ? 1 : 0);
    }

    /** The table of the caller's registered memory; the container is bound. */
    RegionTable regions() {
        RegionTables tables = driver.regionTables();
        RegionTable table = tables.acquire(caller.memory());
        tables.release(table);
        return table;
    }

    long liveEntries(MemorySegment memory) {
        return liveEntries(regions(), memory);
    }

    /** The window in a slot. */
    DmaWindow window(int slot) {
        DmaWindow window = container.window(slot);
        if (window == null) {
            throw new AssertionError("slot " + slot + " has no window");
        }
        return window;
    }

    /** Releases the container as the core does: groups first. */
    void close(TestGroup... attached) {
        for (TestGroup group : attached) {
            container.detachGroup(group);
        }
        container.release();
    }

    /** That nothing is pinned and nothing charged. */
    void assertNothingHeld() {
        assertThat(physical.pinnedPages()).as("pinned pages").isZero();
        assertThat(caller.locked()).as("charged pages").isZero();
    }

    static void assertRefused(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
    }
}
