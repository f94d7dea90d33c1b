// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** One type1 instance with memory, a caller and groups: what every test of this module starts from. */
final class Rig implements BackendEnvironment {
    static final long PAGE = 4096;
    static final int READ = Protection.READ;
    static final int WRITE = Protection.WRITE;
    static final int RW = READ | WRITE;
    static final int VADDR = 4;
    static final int ALL = 2;
    static final int UNMAP_VADDR = 4;

    final List<String> events = Collections.synchronizedList(new ArrayList<>());
    final Faults faults = new Faults();
    final RecordingMemory physical = new RecordingMemory(events);
    final Map<String, String> options = new ConcurrentHashMap<>();
    final FakeCaller caller = new FakeCaller(physical);
    final IommuBackend container;
    private int groups;

    Rig(boolean version2, String... optionPairs) {
        for (int i = 0; i < optionPairs.length; i += 2) {
            options.put(optionPairs[i], optionPairs[i + 1]);
        }
        container = new Type1Driver(this).open(version2 ? 3 : 1);
    }

    /** A v2 instance. */
    static Rig v2() {
        return new Rig(true);
    }

    /** A v1 instance. */
    static Rig v1() {
        return new Rig(false);
    }

    /** With one real group attached. */
    Rig withGroup() {
        attach(group());
        return this;
    }

    /** With one group without hardware attached. */
    Rig withEmulated() {
        container.attachGroup(group(), GroupKind.EMULATED);
        return this;
    }

    FakeGroup group() {
        return new FakeGroup(++groups, events, faults);
    }

    FakeGroup attach(FakeGroup group) {
        container.attachGroup(group, GroupKind.IOMMU);
        return group;
    }

    void map(int flags, MemorySegment memory, long iova) {
        map(flags, memory.address(), iova, memory.byteSize());
    }

    void map(int flags, long vaddr, long iova, long size) {
        container.mapDma(caller, flags, vaddr, iova, size);
    }

    long unmap(long iova, long size) {
        return container.unmapDma(caller, 0, iova, size);
    }

    long unmap(int flags, long iova, long size) {
        return container.unmapDma(caller, flags, iova, size);
    }

    long available() {
        return container.limits().mappingsAvailable();
    }

    /** Memory whose neighbouring pages are not physically contiguous: each page is a run of its own. */
    MemorySegment scatteredPages(int count) {
        MemorySegment whole = Arena.ofAuto().allocate(count * PAGE, PAGE);
        for (int i = 0; i < count; i++) {
            caller.memory().register(whole.asSlice(i * PAGE, PAGE));
        }
        return whole;
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

    @Override
    public PhysicalMemory memory() {
        return physical;
    }

    @Override
    public LockedMemory userLockedMemory(int uid) {
        return new PageCounter();
    }

    @Override
    public Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }
}
