// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.FIXED;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.R;
import static org.vfio4j.backend.iommufd.Rig.RW;
import static org.vfio4j.backend.iommufd.Rig.W;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.testing.fixture.SimulatedCaller;
import org.vfio4j.uapi.Errno;

/** Mappings that hardware holds: real DMA through the software IOMMU, pins and charges. Spec: iommufd §5.4, §6. */
class DmaMappingTest {
    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();
    private final TestDevice device = rig.device();
    private final IommufdDevice bound = rig.bind(device);
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[PAGE]);

    @AfterEach
    void close() {
        bound.unbind();
        rig.close();
    }

    @Test
    @Spec({"I-122", "I-074"})
    void shouldTranslateUntilUnmapped() {
        bound.attach(ioas);
        MemorySegment buffer = rig.memory.allocate(4 * PAGE);
        buffer.set(ValueLayout.JAVA_BYTE, 2 * PAGE + 5, (byte) 42);
        rig.map(ioas, buffer, 0x10_0000);
        assertThat(rig.physical.pinnedPages()).isEqualTo(4);
        assertThat(device.dma().read(0x10_2005, scratch, 0, 1)).isTrue();
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
        rig.context.unmap(ioas, 0x10_0000, 4 * PAGE);
        assertThat(device.dma().read(0x10_2005, scratch, 0, 1))
                .as("DMA after unmap")
                .isFalse();
        rig.assertNothingPinned();

        rig.context.map(rig.caller, ioas, FIXED | W, buffer.address(), PAGE, 0);
        assertThat(device.dma().write(0, scratch, 0, 1)).isTrue();
        assertThat(device.dma().read(0, scratch, 0, 1)).as("no read permission").isFalse();
    }

    @Test
    @Spec({"I-069", "I-070", "I-071", "I-237"})
    void shouldUndoAMapThatFaults() {
        rig.mapBogus(ioas, 0x1000, PAGE);
        assertThat(errnoOf(() -> bound.attach(ioas))).isEqualTo(Errno.EFAULT);
        assertThat(bound.attached()).isFalse();
        assertThat(rig.context.unmap(ioas, 0x1000, PAGE)).as("the area stays").isEqualTo(PAGE);

        bound.attach(ioas);
        assertThat(errnoOf(() -> rig.mapBogus(ioas, 0x1000, PAGE))).isEqualTo(Errno.EFAULT);
        MemorySegment buffer = rig.memory.allocate(2 * PAGE);
        rig.map(ioas, buffer.asSlice(0, PAGE), 0);
        rig.memory.free(buffer.asSlice(PAGE, PAGE));
        assertThat(errnoOf(() -> rig.context.map(rig.caller, ioas, FIXED | RW, buffer.address(), 2 * PAGE, 0x1000)))
                .isEqualTo(Errno.EFAULT);
        assertThat(rig.physical.pinnedPages()).as("only the neighbour").isEqualTo(1);
        rig.context.map(rig.caller, ioas, FIXED | RW, buffer.address(), PAGE, 0x1000);
        assertThat(device.dma().read(0, scratch, 0, 1))
                .as("the neighbour is untouched")
                .isTrue();
    }

    @Test
    @Spec("I-072")
    void shouldGiveReadOnlyMemoryForReadingOnly() {
        bound.attach(ioas);
        MemorySegment buffer = rig.memory.allocate(PAGE);
        rig.memory.protect(buffer, Protection.READ);
        assertThat(errnoOf(() -> rig.map(ioas, buffer, 0))).isEqualTo(Errno.EFAULT);
        rig.context.map(rig.caller, ioas, FIXED | R, buffer.address(), PAGE, 0);
        assertThat(device.dma().read(0, scratch, 0, 8)).isTrue();
        assertThat(device.dma().write(0, scratch, 0, 8)).isFalse();
    }

    @Test
    @Spec({"I-043", "I-064", "I-067"})
    void shouldKeepToAlignmentAndApertureOfTheHardware() {
        var narrow = new PagingUnit(
                "narrow", rig.physical, PagingConfig.defaults().withAperture(0x100_0000, 31), rig.faults);
        IommufdDevice other = rig.bind(rig.device(narrow));
        other.attach(ioas);
        IoPageTable.Usable usable = rig.ioas(ioas).engine().usable();
        assertThat(usable.ranges()).containsExactly(new org.vfio4j.spi.iommu.DmaLimits.Range(0x100_0000, 0x7fff_ffff));
        assertThat(usable.alignment()).isEqualTo(PAGE);
        MemorySegment buffer = rig.memory.allocate(2 * PAGE);
        assertThat(errnoOf(() -> rig.context.map(rig.caller, ioas, FIXED | RW, buffer.address(), 1, 0x100_0000)))
                .isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.map(ioas, buffer, 0xff_f000))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.map(ioas, buffer, 0x7fff_f000))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.map(ioas, buffer, 0x100_0800))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() ->
                        rig.context.map(rig.caller, ioas, FIXED | RW, buffer.address() + 0x800, PAGE, 0x100_0000)))
                .as("offset in the page")
                .isEqualTo(Errno.EINVAL);
        other.unbind();
        usable = rig.ioas(ioas).engine().usable();
        assertThat(usable.ranges()).containsExactly(new org.vfio4j.spi.iommu.DmaLimits.Range(0, -1));
        assertThat(usable.alignment()).isEqualTo(1);
    }

    @Test
    @Spec({"I-075", "I-139", "I-160"})
    void shouldPinOncePerMappingHoweverManyTables() {
        bound.attach(ioas);
        MemorySegment buffer = rig.memory.allocate(3 * PAGE);
        rig.map(ioas, buffer, 0);
        var otherUnit = new PagingUnit("iommu1", rig.physical, PagingConfig.defaults(), rig.faults);
        TestDevice second = rig.device(otherUnit);
        IommufdDevice secondBound = rig.bind(second);
        assertThat(secondBound.attach(ioas)).as("other hardware, other table").isNotEqualTo(bound.attach(ioas));
        assertThat(rig.physical.pinnedPages()).isEqualTo(3);
        assertThat(second.dma().read(0x1000, scratch, 0, 8)).isTrue();
        bound.detach();
        assertThat(rig.physical.pinnedPages()).isEqualTo(3);
        assertThat(second.dma().read(0x1000, scratch, 0, 8))
                .as("the remaining table")
                .isTrue();
        rig.map(ioas, buffer, 0x10_0000);
        assertThat(rig.physical.pinnedPages()).as("a second MAP pins again").isEqualTo(6);
        secondBound.unbind();
        rig.assertNothingPinned();
    }

    @Test
    @Spec("I-076")
    void shouldLeaveNoTranslationWhenASecondTableRefuses() {
        bound.attach(ioas);
        var tiny = new PagingUnit("tiny", rig.physical, PagingConfig.defaults().withTableLimit(4), rig.faults);
        IommufdDevice second = rig.bind(rig.device(tiny));
        second.attach(ioas);
        MemorySegment buffer = rig.memory.allocate(PAGE);
        rig.map(ioas, buffer, 0);
        assertThat(errnoOf(() -> rig.map(ioas, buffer, 1L << 40)))
                .as("out of tables")
                .isEqualTo(Errno.ENOMEM);
        assertThat(device.dma().read(1L << 40, scratch, 0, 8))
                .as("first table rolled back")
                .isFalse();
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        second.unbind();
    }

    @Test
    @Spec({"I-102", "I-109", "I-110"})
    void shouldShareCopiedPages() {
        rig.caller.memlockLimit = 8 * PAGE;
        int source = rig.ioas();
        IommufdDevice sourceDevice = rig.bind(rig.device());
        sourceDevice.attach(source);
        bound.attach(ioas);
        MemorySegment buffer = rig.memory.allocate(8 * PAGE);
        rig.map(source, buffer, 0);
        LockedMemory user = rig.userLockedMemory(1000);
        assertThat(user.pages()).isEqualTo(8);
        Ioas from = rig.ioas(source);
        rig.ioas(ioas).mapSlices(from.slices(0x2000, 3 * PAGE, 1), 3 * PAGE, true, 0x50_0000);
        assertThat(rig.physical.pinnedPages()).as("no second pin").isEqualTo(8);
        assertThat(user.pages()).as("no second charge").isEqualTo(8);
        sourceDevice.detach();
        assertThat(rig.physical.pinnedPages()).as("only what the copy covers").isEqualTo(3);
        rig.context.destroy(source);
        assertThat(device.dma().read(0x50_1000, scratch, 0, 8)).isTrue();
        assertThat(device.dma().write(0x50_1000, scratch, 0, 8))
                .as("copied for reading")
                .isFalse();
        rig.context.unmap(ioas, 0x50_0000, 3 * PAGE);
        rig.assertNothingPinned();
        assertThat(user.pages()).isZero();
        sourceDevice.unbind();
    }

    @Test
    @Spec({"I-134", "I-136", "I-137"})
    void shouldChargeWhatIsPinnedAgainstTheLimit() {
        rig.caller.memlockLimit = 8 * PAGE;
        MemorySegment buffer = rig.memory.allocate(16 * PAGE);
        rig.map(ioas, buffer, 0);
        assertThat(errnoOf(() -> bound.attach(ioas))).as("charged at attach").isEqualTo(Errno.ENOMEM);
        rig.assertNothingPinned();
        rig.context.unmap(ioas, 0, -1);
        bound.attach(ioas);
        rig.map(ioas, buffer.asSlice(0, 8 * PAGE), 0);
        assertThat(errnoOf(() -> rig.map(ioas, buffer.asSlice(0, PAGE), 0x10_0000)))
                .isEqualTo(Errno.ENOMEM);
        var sibling = new SimulatedCaller<>(rig.memory, 1000);
        sibling.memlockLimit = 8 * PAGE;
        assertThat(errnoOf(() -> rig.context.map(sibling, ioas, FIXED | RW, buffer.address(), PAGE, 0x10_0000)))
                .as("the user's budget is shared")
                .isEqualTo(Errno.ENOMEM);
        rig.caller.grant(Capability.IPC_LOCK);
        rig.map(ioas, buffer, 0x10_0000);
        rig.context.unmap(ioas, 0, -1);
        rig.assertNothingPinned();
        assertThat(rig.userLockedMemory(1000).pages()).isZero();
    }

    @Test
    @Spec("I-132")
    void shouldNotSwitchLargePagesOffUnderMappings() {
        bound.attach(ioas);
        IoPageTable engine = rig.ioas(ioas).engine();
        MemorySegment buffer = rig.memory.allocate(4L << 20);
        rig.map(ioas, buffer, 0);
        assertThat(errnoOf(() -> engine.setLargePages(false))).isEqualTo(Errno.EINVAL);
        rig.context.unmap(ioas, 0, -1);
        engine.setLargePages(false);
        rig.map(ioas, buffer, 0);
        assertThat(device.dma().read(0x20_0000, scratch, 0, 8)).isTrue();
    }
}
