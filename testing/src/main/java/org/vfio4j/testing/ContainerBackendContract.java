// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vfio4j.BackendView;
import org.vfio4j.Container;
import org.vfio4j.OpenOptions;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;

/**
 * What every backend behind a container must do, for one of its container types. Extend it, name the backend, the type and a
 * device of the machine, and put the backend and {@code org.vfio4j.core} on the path:
 *
 * <pre>{@code
 * class MyBackendContractTest extends ContainerBackendContract {
 *     @Override
 *     protected String backend() {
 *         return "mine";
 *     }
 *
 *     @Override
 *     protected int containerType() {
 *         return 0x100;
 *     }
 *
 *     @Override
 *     protected String device() {
 *         return "0000:00:05.0";
 *     }
 * }
 * }</pre>
 */
public abstract class ContainerBackendContract extends BackendContract {
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;
    private static final int UNKNOWN_TYPE = 99;
    private static final int ORDINARY_USER = 1000;
    private static final long LIMIT = 16 * 4096;
    private static final long BEYOND_LIMIT = 64 * 65536;

    /** For subclasses. */
    protected ContainerBackendContract() {}

    /** Number of the container type. */
    protected abstract int containerType();

    /** A device of another group that can join the first one's container; the test of late joiners is skipped without. */
    protected Optional<String> secondDevice() {
        return Optional.empty();
    }

    /**
     * Makes memory of an ordinary user reachable at an address with raw calls, as a program of this backend does.
     *
     * @param container descriptor of a container with this backend
     * @param call performs {@code MAP_DMA}; a backend that needs a call before makes it on the process
     */
    protected void mapRaw(UapiProcess process, int container, long vaddr, long size, Runnable call) {
        call.run();
    }

    /** Whether memory is charged against {@code RLIMIT_MEMLOCK} when it is mapped. */
    protected boolean chargesLockedMemory() {
        return true;
    }

    @Override
    protected final OpenOptions openOptions() {
        return OpenOptions.container(containerType());
    }

    @Test
    void shouldBeListedWithItsContainerType() {
        assertThat(vfio().backends().stream().filter(view -> view.name().equals(backend())))
                .as("the backend among %s", vfio().backends())
                .singleElement()
                .satisfies(this::describesItself);
    }

    private void describesItself(BackendView view) {
        assertThat(view.description()).as("description").isNotBlank();
        assertThat(view.types())
                .as("container types")
                .anySatisfy(type -> assertThat(type.number()).isEqualTo(containerType()));
        assertThat(view.types())
                .as("names of container types")
                .allSatisfy(type -> assertThat(type.name()).isNotBlank());
    }

    @Test
    void shouldOfferItsTypeAsAnExtension() {
        try (var container = vfio().newContainer()) {
            assertThat(container.checkExtension(containerType()))
                    .as("CHECK_EXTENSION(%d)", containerType())
                    .isPositive();
            assertThat(container.checkExtension(UNKNOWN_TYPE))
                    .as("CHECK_EXTENSION(%d)", UNKNOWN_TYPE)
                    .isZero();
        }
    }

    @Test
    void shouldServeAContainerOnlyOnceAGroupIsThere() {
        try (var container = vfio().newContainer()) {
            assertRefused("SET_IOMMU without a group", Errno.EINVAL, () -> container.setIommu(containerType()));
            try (var group = vfio().openGroup(groupOf(device()))) {
                group.setContainer(container);
                assertRefused(
                        "SET_IOMMU of an unknown type",
                        Set.of(Errno.ENODEV, Errno.EINVAL),
                        () -> container.setIommu(UNKNOWN_TYPE));
                container.setIommu(containerType());
                assertRefused("second SET_IOMMU", Errno.EINVAL, () -> container.setIommu(containerType()));
                assertThat(container.checkExtension(containerType()))
                        .as("CHECK_EXTENSION of the chosen type")
                        .isPositive();
            }
        }
    }

    @Test
    void shouldEndWithItsLastGroupAndStartAfresh() {
        try (var buffer = vfio().allocate(65536);
                var container = vfio().newContainer();
                var group = vfio().openGroup(groupOf(device()))) {
            group.setContainer(container);
            container.setIommu(containerType());
            if (!needsEnabling(container)) {
                container.dma().map(buffer);
            }
            group.unsetContainer();
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the last group left")
                    .isZero();
            assertRefused("use of a container without backend", Errno.EINVAL, container::dma);
            group.setContainer(container);
            container.setIommu(containerType());
            assertThat(container.dma().backend()).isEqualTo(backend());
        }
    }

    @Test
    void shouldOutliveTheContainersOwnDescriptor() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var group = vfio().openGroup(groupOf(device()))) {
            var container = vfio().newContainer();
            group.setContainer(container);
            container.setIommu(containerType());
            Assumptions.assumeFalse(needsEnabling(container), "the container maps nothing before it is enabled");
            var dma = container.dma();
            long iova = DataMover.iova(dma, 65536, 1L << 28);
            dma.map(iova, buffer, 0, 65536, READ_WRITE);
            container.close();
            try (var device = group.openDevice(device());
                    var mover = DataMover.of(vfio(), device)) {
                mover.assertCopies(
                        iova,
                        buffer.segment().asSlice(0, 64),
                        iova + 4096,
                        buffer.segment().asSlice(4096, 64));
            }
        }
    }

    @Test
    void shouldShowALateGroupTheMappings() throws InterruptedException {
        var second = secondDevice();
        Assumptions.assumeTrue(second.isPresent(), "no second device is named");
        try (var buffer = vfio().allocate(65536);
                var container = vfio().newContainer();
                var group = vfio().openGroup(groupOf(device()));
                var late = vfio().openGroup(groupOf(second.orElseThrow()))) {
            group.setContainer(container);
            container.setIommu(containerType());
            long iova = DataMover.iova(container.dma(), 65536, 1L << 28);
            var mapping = container.dma().map(iova, buffer, 0, 65536, READ_WRITE);
            late.setContainer(container);
            try (var device = late.openDevice(second.orElseThrow());
                    var mover = DataMover.of(vfio(), device)) {
                var from = buffer.segment().asSlice(0, 64);
                var to = buffer.segment().asSlice(4096, 64);
                mover.assertCopies(mapping.iova(), from, mapping.iova() + 4096, to);
                mapping.close();
                mover.assertRefused(iova, 64, buffer.segment().asSlice(0, 4096));
            }
            late.unsetContainer();
        }
    }

    @Test
    void shouldChargeAUsersLockedMemory() {
        Assumptions.assumeTrue(chargesLockedMemory(), "the backend charges nothing when memory is mapped");
        Assumptions.assumeFalse(vfio().device(device()).emulated(), "an emulated device pins when it accesses memory");
        try (var process = vfio().newProcess(ProcessOptions.user(ORDINARY_USER, LIMIT))) {
            var raw = new RawCalls(process);
            int container = raw.container(groupOf(device()), containerType());
            var memory = process.allocate(BEYOND_LIMIT);
            long before = vfio().pinnedPages();
            assertRefused(
                    "mapping beyond RLIMIT_MEMLOCK",
                    Errno.ENOMEM,
                    () -> mapRaw(
                            process,
                            container,
                            memory.address(),
                            BEYOND_LIMIT,
                            () -> raw.mapDma(container, memory.address(), 1 << 20, BEYOND_LIMIT)));
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusal")
                    .isEqualTo(before);
            assertThat(process.memory().lockedMemory().pages())
                    .as("pages charged after the refusal")
                    .isZero();
        }
    }

    @Test
    void shouldLookAtTheMemoryOfWhoeverCalls() {
        try (var process = vfio().newProcess(ProcessOptions.root())) {
            var raw = new RawCalls(process);
            int container = raw.container(groupOf(device()), containerType());
            var gone = process.allocate(BEYOND_LIMIT);
            long address = gone.address();
            process.free(gone);
            Assumptions.assumeFalse(
                    vfio().device(device()).emulated(), "an emulated device's memory is looked at when it accesses it");
            assertRefused(
                    "mapping of freed memory",
                    Errno.EFAULT,
                    () -> mapRaw(
                            process,
                            container,
                            address,
                            BEYOND_LIMIT,
                            () -> raw.mapDma(container, address, 1 << 20, BEYOND_LIMIT)));
            // SPAPR asks first whether memory was registered.
            assertRefused(
                    "a map argument that is not there",
                    Set.of(Errno.EFAULT, Errno.EPERM),
                    () -> process.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, address));
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusals")
                    .isZero();
        }
    }

    @Test
    void shouldGiveEverythingBackWhenAProgramEnds() {
        try (var process = vfio().newProcess(ProcessOptions.root())) {
            var raw = new RawCalls(process);
            int container = raw.container(groupOf(device()), containerType());
            var memory = process.allocate(65536);
            memory.set(ValueLayout.JAVA_INT, 0, 1);
            mapRaw(
                    process,
                    container,
                    memory.address(),
                    65536,
                    () -> raw.mapDma(container, memory.address(), 1 << 20, 65536));
        }
        assertThat(vfio().pinnedPages())
                .as("pages pinned after the program ended")
                .isZero();
        try (var again = vfio().open(device(), openOptions())) {
            assertThat(again.dma().backend()).isEqualTo(backend());
        }
    }

    private static boolean needsEnabling(Container container) {
        return container.tce().filter(tce -> !tce.version2()).isPresent();
    }
}
