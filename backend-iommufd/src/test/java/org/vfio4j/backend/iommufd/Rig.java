// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.fixture.SimulatedCaller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;

/** One open iommufd with a process, memory and a real software IOMMU: what every test of this module starts from. */
final class Rig implements BackendEnvironment, AutoCloseable {
    static final int PAGE = 4096;
    static final int FIXED = IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA;
    static final int W = IommufdIoas.IOMMU_IOAS_MAP_WRITEABLE;
    static final int R = IommufdIoas.IOMMU_IOAS_MAP_READABLE;
    static final int RW = R | W;

    final FrameTable physical = new FrameTable();
    final JvmAddressSpace memory = new JvmAddressSpace(physical);
    final SimulatedCaller<JvmAddressSpace> caller = new SimulatedCaller<>(memory, 1000);
    final FaultLog faults = new FaultLog();
    final Map<String, String> options = new HashMap<>();
    final PagingUnit unit = new PagingUnit("iommu0", physical, PagingConfig.defaults(), faults);
    final Context context = new Context(this);
    final ContextFile file = new ContextFile(context);
    private final Map<Integer, LockedMemory> users = new ConcurrentHashMap<>();
    private final MemorySegment page = memory.allocate(PAGE);
    private int groups;
    private final FaultInjection injection;
    private boolean closed;
    private long expectedErrors;

    Rig() {
        this(new FaultInjection());
    }

    /** With steps that fail when the injection says so. */
    Rig(FaultInjection injection) {
        this.injection = injection;
    }

    /** The caller, pinning of whose memory may be made to fail. */
    Caller injectedCaller() {
        return new SimulatedCaller<>(injection.around(memory), caller.uid());
    }

    /** A device in a group of its own. */
    TestDevice device(ReservedRegion... reserved) {
        return device(unit, reserved);
    }

    TestDevice device(PagingUnit behind, ReservedRegion... reserved) {
        int number = ++groups;
        return new TestDevice("device" + number, behind.newGroup(number), injection, reserved);
    }

    IommufdDevice bind(TestDevice device) {
        return context.bind(device);
    }

    int ioas() {
        return context.allocateIoas();
    }

    Ioas ioas(int id) {
        Ioas ioas = context.objects().get(id, Ioas.class);
        ioas.put();
        return ioas;
    }

    /** Maps memory of the caller at a fixed place. */
    void map(int ioas, MemorySegment memory, long iova) {
        context.map(caller, ioas, FIXED | RW, memory.address(), memory.byteSize(), iova);
    }

    /** Maps addresses nobody has looked at: fine while there is no hardware. */
    void mapBogus(int ioas, long iova, long length) {
        context.map(caller, ioas, FIXED | RW, 0x10_0000, length, iova);
    }

    /** A page of the caller's for argument structs. */
    MemorySegment page() {
        return page;
    }

    /** Makes an ioctl whose argument lies at the start of {@link #page}. */
    long ioctl(int command) {
        return file.ioctl(caller, command, page.address());
    }

    void assertNothingPinned() {
        assertThat(physical.pinnedPages()).as("pinned pages").isZero();
    }

    static Errno errnoOf(ThrowingCallable call) {
        VfioException refused = catchThrowableOfType(VfioException.class, call);
        assertThat(refused).as("the call was to be refused").isNotNull();
        return refused.errno();
    }

    /** The test provoked broken promises. */
    void expectInternalErrors(long count) {
        expectedErrors = count;
    }

    /** The test closed the file and looked for itself. */
    void forget() {
        closed = true;
    }

    /** Closes the file; afterwards nothing may be left. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        file.close();
        assertThat(context.objects().isEmpty()).as("no object survives").isTrue();
        assertNothingPinned();
        users.values()
                .forEach(user -> assertThat(user.pages()).as("charged pages").isZero());
        assertThat(context.errors().count()).as("internal errors").isEqualTo(expectedErrors);
        memory.close();
    }

    @Override
    public PhysicalMemory memory() {
        return physical;
    }

    @Override
    public LockedMemory userLockedMemory(int uid) {
        return users.computeIfAbsent(uid, number -> injection.around(new PageCounter()));
    }

    @Override
    public Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }
}
