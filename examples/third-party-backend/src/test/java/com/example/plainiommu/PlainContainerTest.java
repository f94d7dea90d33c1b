// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.ServiceLoader;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.DeviceView;
import org.vfio4j.OpenOptions;
import org.vfio4j.OpenPath;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.exercise.DeviceExercise;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.EmbeddedMachine;
import org.vfio4j.testing.OpenDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;

@EmbeddedMachine
class PlainContainerTest {
    /** A function of the default machine that does DMA, in a group of its own; and one in another group. */
    private static final String EDU = "0000:00:05.0";

    private static final String OTHER_EDU = "0000:00:06.0";
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;

    @Test
    void shouldMoveDataOfADeviceBothWays(
            Vfio vfio, @OpenDevice(value = EDU, path = OpenPath.GROUP, containerType = PlainDriver.TYPE) Device device)
            throws InterruptedException {
        assertThat(device.dma().backend()).isEqualTo("plain");
        moveBothWays(vfio, device);
    }

    @Test
    void shouldServeADeviceWithoutDmaOfItsOwn(Vfio vfio) throws InterruptedException {
        var emulated = vfio.devices().stream()
                .filter(view -> view.emulated() && exercise(view).isPresent())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the default machine has no mediated device that moves data"));
        try (var device = vfio.open(emulated.name(), OpenOptions.container(PlainDriver.TYPE))) {
            moveBothWays(vfio, device);
        }
    }

    @Test
    void shouldTakeWholeMappingsOutOnly(
            Vfio vfio,
            @OpenDevice(value = EDU, path = OpenPath.GROUP, containerType = PlainDriver.TYPE) Device device) {
        try (var buffer = vfio.allocate(8192)) {
            var dma = device.dma();
            try (var mapping = dma.map(0x100000, buffer, 0, 8192, READ_WRITE)) {
                assertThat(vfio.pinnedPages()).isEqualTo(2);
                assertRefused(Errno.EINVAL, () -> dma.unmap(mapping.iova(), 4096));
                assertRefused(Errno.ENOENT, () -> dma.unmap(mapping.iova() + 4096, 4096));
            }
            assertThat(vfio.pinnedPages()).isZero();
        }
    }

    @Test
    void shouldRefuseWhatCannotBeMappedAndPinNothing(
            Vfio vfio,
            @OpenDevice(value = EDU, path = OpenPath.GROUP, containerType = PlainDriver.TYPE) Device device) {
        try (var buffer = vfio.allocate(8192)) {
            var dma = device.dma();
            var mapping = dma.map(0x100000, buffer, 0, 4096, READ_WRITE);
            assertRefused(Errno.EEXIST, () -> dma.map(0x100000, buffer, 4096, 4096, READ_WRITE));
            assertRefused(Errno.EINVAL, () -> dma.map(0x200800, buffer, 4096, 4096, READ_WRITE));
            assertRefused(Errno.EINVAL, () -> dma.map(0x200000, buffer, 4096, 4096, 0));
            assertRefused(Errno.EINVAL, () -> dma.map(0xfee00000L, buffer, 4096, 4096, READ_WRITE));
            assertRefused(Errno.EINVAL, () -> dma.map(1L << 60, buffer, 4096, 4096, READ_WRITE));
            assertThat(vfio.pinnedPages()).isEqualTo(1);
            mapping.close();
        }
    }

    @Test
    void shouldTakeOneIsolationGroupPerContainer(Vfio vfio) {
        try (var container = vfio.newContainer();
                var first = vfio.openGroup(vfio.device(EDU).group().orElseThrow());
                var second = vfio.openGroup(vfio.device(OTHER_EDU).group().orElseThrow())) {
            first.setContainer(container);
            container.setIommu(PlainDriver.TYPE);
            assertRefused(Errno.EBUSY, () -> second.setContainer(container));
        }
    }

    @Test
    void shouldRefuseHardwareWithoutPageTables(Vfio vfio) {
        var tce = vfio.groups().stream()
                .filter(group -> group.translation().equals("tce") && group.viable())
                .findFirst()
                .orElseThrow(() -> new AssertionError("the default machine has no group behind TCE tables"));
        try (var container = vfio.newContainer();
                var group = vfio.openGroup(tce.number())) {
            group.setContainer(container);
            assertRefused(Errno.EOPNOTSUPP, () -> container.setIommu(PlainDriver.TYPE));
        }
    }

    @Test
    void shouldGiveAGroupThatJoinsTheMappingsThatAreThere(Vfio vfio) throws InterruptedException {
        var emulated = vfio.devices().stream()
                .filter(DeviceView::emulated)
                .findFirst()
                .orElseThrow(() -> new AssertionError("the default machine has no mediated device"));
        try (var container = vfio.newContainer();
                var first = vfio.openGroup(emulated.group().orElseThrow());
                var second = vfio.openGroup(vfio.device(EDU).group().orElseThrow());
                var buffer = vfio.allocate(8192)) {
            first.setContainer(container);
            container.setIommu(PlainDriver.TYPE);
            try (var mapping = container.dma().map(0x100000, buffer, 0, 8192, READ_WRITE)) {
                second.setContainer(container);
                try (var device = second.openDevice(EDU);
                        var session = exercise(vfio.device(EDU)).orElseThrow().start(device)) {
                    assertThat(session.fromMemory(mapping.iova(), 16)).isTrue();
                }
                second.unsetContainer();
            }
            first.unsetContainer();
        }
    }

    @Test
    void shouldKeepToTheLimitOnLockedMemory(Vfio vfio) {
        try (var program = vfio.newProcess(ProcessOptions.user(1000, 4096))) {
            var container = program.open("/dev/vfio/vfio", UapiProcess.O_RDWR);
            var number = vfio.device(EDU).group().orElseThrow();
            var group = program.open("/dev/vfio/" + number, UapiProcess.O_RDWR);
            var argument = program.allocate(4096);
            argument.set(ValueLayout.JAVA_INT, 0, container);
            program.ioctl(group, VfioIoctl.VFIO_GROUP_SET_CONTAINER, argument.address());
            program.ioctl(container, VfioIoctl.VFIO_SET_IOMMU, PlainDriver.TYPE);

            var memory = program.allocate(8192);
            VfioIommuType1DmaMap.argsz(argument, VfioIommuType1DmaMap.SIZEOF);
            VfioIommuType1DmaMap.flags(argument, READ_WRITE);
            VfioIommuType1DmaMap.vaddr(argument, memory.address());
            VfioIommuType1DmaMap.iova(argument, 0x100000);
            VfioIommuType1DmaMap.size(argument, 8192);
            assertRefused(
                    Errno.ENOMEM, () -> program.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, argument.address()));
            assertThat(vfio.pinnedPages()).isZero();
            VfioIommuType1DmaMap.size(argument, 4096);
            assertThat(program.ioctl(container, VfioIoctl.VFIO_IOMMU_MAP_DMA, argument.address()))
                    .isZero();
            assertThat(vfio.pinnedPages()).isEqualTo(1);
        }
    }

    @Test
    void shouldSayThatItOffersItsType(Vfio vfio) {
        try (var container = vfio.newContainer()) {
            assertThat(container.checkExtension(PlainDriver.TYPE)).isPositive();
        }
    }

    private static void moveBothWays(Vfio vfio, Device device) throws InterruptedException {
        try (var buffer = vfio.allocate(8192);
                var session = exercise(vfio.device(device.name())).orElseThrow().start(device)) {
            var memory = buffer.segment();
            var length = Math.min(session.maxTransfer(), 4096);
            long iova;
            try (var mapping = device.dma().map(0x100000, buffer, 0, 8192, READ_WRITE)) {
                iova = mapping.iova();
                memory.asSlice(0, length).fill((byte) 0x3c);
                assertThat(session.fromMemory(iova, length)).isTrue();
                assertThat(session.toMemory(iova + 4096, length)).isTrue();
                assertThat(memory.asSlice(4096, length).mismatch(memory.asSlice(0, length)))
                        .as("first byte that came back wrong")
                        .isEqualTo(-1);
            }
            var faults = vfio.faults().size();
            memory.fill((byte) 0);
            assertThat(session.toMemory(iova, length) && vfio.faults().size() == faults)
                    .as("access after unmap was allowed")
                    .isFalse();
            assertThat(memory.mismatch(MemorySegment.ofArray(new byte[8192])))
                    .as("first byte that changed after unmap")
                    .isEqualTo(-1);
        }
    }

    private static Optional<DeviceExercise> exercise(DeviceView device) {
        return ServiceLoader.load(DeviceExercise.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.drives(device))
                .findFirst();
    }

    private static void assertRefused(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refusal -> assertThat(refusal.errno()).isEqualTo(errno));
    }
}
