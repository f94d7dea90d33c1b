// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.FIXED;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.R;
import static org.vfio4j.backend.iommufd.Rig.RW;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Accesses of devices without DMA of their own. Spec: iommufd §6.7. */
class AccessTest {
    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();
    private final Client client = new Client(true);
    private final IommufdAccess access = rig.context.createAccess(client);
    private final MemorySegment buffer = rig.memory.allocate(4 * PAGE);

    /** Records its callbacks and answers them as the test wants. */
    private static final class Client implements AccessClient {
        final List<String> calls = new ArrayList<>();
        BiConsumer<Long, Long> onUnmap = (iova, length) -> {};
        private final boolean pins;

        Client(boolean pins) {
            this.pins = pins;
        }

        @Override
        public boolean needsPinPages() {
            return pins;
        }

        @Override
        public void dmaUnmap(long iova, long length) {
            calls.add(Long.toHexString(iova) + "+" + Long.toHexString(length));
            onUnmap.accept(iova, length);
        }
    }

    @AfterEach
    void close() {
        access.destroy();
        rig.close();
    }

    @Test
    @Spec("I-142")
    void shouldAlignTheIoasToPagesWhileAttached() {
        rig.mapBogus(ioas, 0x801, 1);
        assertThat(errnoOf(() -> access.attach(ioas))).isEqualTo(Errno.EADDRINUSE);
        assertThat(access.attached()).isFalse();
        rig.context.unmap(ioas, 0x801, 1);
        access.attach(ioas);
        assertThat(rig.ioas(ioas).engine().usable().alignment()).isEqualTo(PAGE);
        assertThat(errnoOf(() -> rig.context.destroy(ioas))).isEqualTo(Errno.EBUSY);
        assertThat(errnoOf(() -> rig.context.destroy(access.id()))).isEqualTo(Errno.EBUSY);
        access.detach();
        assertThat(rig.ioas(ioas).engine().usable().alignment()).isEqualTo(1);
        access.detach();
        assertThat(client.calls).as("asked to let go once").containsExactly("0+ffffffffffffffff");
    }

    @Test
    @Spec({"I-143", "I-144", "I-146", "I-150"})
    void shouldCountIdenticalPins() {
        access.attach(ioas);
        rig.map(ioas, buffer.asSlice(0, 2 * PAGE), 0x1000);
        rig.map(ioas, buffer.asSlice(2 * PAGE, 2 * PAGE), 0x3000);
        long[] reported = new long[1];
        access.pin(0x2000, PAGE + 100, true, (phys, length) -> reported[0] += length);
        assertThat(reported[0]).isEqualTo(PAGE + 100);
        assertThat(rig.physical.pinnedPages())
                .as("a ragged end pins its whole page")
                .isEqualTo(2);
        access.pin(0x2000, PAGE + 100, false, (phys, length) -> {});
        assertThat(rig.physical.pinnedPages()).isEqualTo(2);
        access.unpin(0x2000, PAGE + 100);
        assertThat(rig.physical.pinnedPages()).isEqualTo(2);
        access.unpin(0x2000, PAGE + 100);
        rig.assertNothingPinned();
    }

    @Test
    @Spec({"I-145", "I-147", "I-148", "I-149", "I-153"})
    void shouldRefuseBadPinsAndCopies() {
        assertThat(errnoOf(() -> access.pin(0x1000, PAGE, false, (phys, length) -> {})))
                .isEqualTo(Errno.ENOENT);
        access.attach(ioas);
        rig.context.map(rig.caller, ioas, FIXED | R, buffer.address(), PAGE, 0x1000);
        assertThat(errnoOf(() -> access.pin(0x1000, PAGE, true, (phys, length) -> {})))
                .isEqualTo(Errno.EPERM);
        assertThat(errnoOf(() -> access.pin(0x1000, 2 * PAGE, false, (phys, length) -> {})))
                .isEqualTo(Errno.ENOENT);
        rig.assertNothingPinned();
        assertThat(errnoOf(() -> access.pin(0x1001, 8, false, (phys, length) -> {})))
                .isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> access.pin(0x1000, 0, false, (phys, length) -> {})))
                .isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> access.pin(-PAGE, 2 * PAGE, false, (phys, length) -> {})))
                .isEqualTo(Errno.EOVERFLOW);
        MemorySegment bytes = MemorySegment.ofArray(new byte[16]);
        assertThat(errnoOf(() -> access.rw(0x1000, bytes, true))).isEqualTo(Errno.EPERM);
        assertThat(errnoOf(() -> access.rw(0x8000, bytes, false))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> access.rw(0x1000, bytes.asSlice(0, 0), false))).isEqualTo(Errno.EINVAL);
    }

    @Test
    @Spec({"I-151", "I-152"})
    void shouldCopyExactBytesAcrossAreas() {
        access.attach(ioas);
        rig.map(ioas, buffer.asSlice(0, PAGE), 0x1000);
        rig.context.map(rig.caller, ioas, FIXED | R, buffer.address() + PAGE, PAGE, 0x2000);
        for (int length = 1; length < 64; length++) {
            for (int before = 0; before <= Math.min(length, 4); before++) {
                byte[] pattern = new byte[length];
                for (int i = 0; i < length; i++) {
                    pattern[i] = (byte) (length * 7 + i);
                }
                MemorySegment.copy(pattern, 0, buffer, ValueLayout.JAVA_BYTE, PAGE - before, length);
                byte[] read = new byte[length];
                access.rw(0x2000 - before, MemorySegment.ofArray(read), false);
                assertThat(read)
                        .as("%d bytes, %d before the edge", length, before)
                        .isEqualTo(pattern);
            }
        }
        byte[] two = {1, 2};
        assertThat(errnoOf(() -> access.rw(0x1fff, MemorySegment.ofArray(two), true)))
                .isEqualTo(Errno.EPERM);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, PAGE - 1))
                .as("the first area was written")
                .isEqualTo((byte) 1);
    }

    @Test
    @Spec({"I-154", "I-156"})
    void shouldAskEveryAccessToLetGoBeforeAnUnmap() {
        var second = new Client(true);
        IommufdAccess bystander = rig.context.createAccess(second);
        access.attach(ioas);
        bystander.attach(ioas);
        rig.map(ioas, buffer.asSlice(0, PAGE), 0x1000);
        rig.map(ioas, buffer.asSlice(PAGE, 3 * PAGE), 0x2000);
        access.pin(0x3000, PAGE, true, (phys, length) -> {});
        client.onUnmap = (iova, length) -> {
            assertThat(rig.physical.pinnedPages()).as("still pinned").isEqualTo(1);
            access.unpin(0x3000, PAGE);
        };
        assertThat(rig.context.unmap(ioas, 0x1000, 4 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(client.calls).as("the area's exact bounds").containsExactly("2000+3000");
        assertThat(second.calls).containsExactly("2000+3000");
        rig.assertNothingPinned();
        client.onUnmap = (iova, length) -> {};
        bystander.destroy();
    }

    @Test
    @Spec("I-155")
    void shouldGiveUpOnAClientThatNeverLetsGo() {
        access.attach(ioas);
        rig.map(ioas, buffer, 0x1000);
        access.pin(0x1000, PAGE, true, (phys, length) -> {});
        assertThat(errnoOf(() -> rig.context.unmap(ioas, 0, -1))).isEqualTo(Errno.EDEADLK);
        assertThat(client.calls).hasSize(101);
        assertThat(errnoOf(() -> access.pin(0x2000, PAGE, true, (phys, length) -> {})))
                .as("closed to new pins")
                .isEqualTo(Errno.EINVAL);
        access.unpin(0x1000, PAGE);
        assertThat(rig.context.unmap(ioas, 0, -1)).isEqualTo(4 * PAGE);
    }

    @Test
    @Spec({"I-157", "I-158"})
    void shouldMoveToAnotherIoas() {
        int other = rig.ioas();
        access.attach(ioas);
        rig.map(ioas, buffer, 0x1000);
        access.pin(0x1000, PAGE, false, (phys, length) -> {});
        assertThat(errnoOf(() -> access.attach(99))).isEqualTo(Errno.ENOENT);
        assertThat(client.calls).isEmpty();
        assertThat(access.attach(ioas)).as("the same").isEqualTo(ioas);
        client.onUnmap = (iova, length) -> {
            assertThat(errnoOf(() -> access.pin(0x1000, PAGE, false, (phys, bytes) -> {})))
                    .isEqualTo(Errno.ENOENT);
            assertThat(errnoOf(() -> access.attach(ioas)))
                    .as("concurrent change")
                    .isEqualTo(Errno.EBUSY);
            access.unpin(0x1000, PAGE);
        };
        assertThat(access.attach(other)).isEqualTo(other);
        assertThat(client.calls).containsExactly("0+ffffffffffffffff");
        rig.context.destroy(ioas);
        rig.assertNothingPinned();
        client.onUnmap = (iova, length) -> {};
    }

    @Test
    @Spec({"I-112", "I-161"})
    void shouldSharePinsWithHardware() {
        access.attach(ioas);
        rig.map(ioas, buffer, 0x1000);
        access.pin(0x2000, PAGE, true, (phys, length) -> {});
        assertThat(rig.physical.pinnedPages()).isEqualTo(1);
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        bound.attach(ioas);
        assertThat(rig.physical.pinnedPages())
                .as("the pinned page is pinned once")
                .isEqualTo(4);
        bound.detach();
        assertThat(rig.physical.pinnedPages()).as("the access keeps its page").isEqualTo(1);
        int other = rig.ioas();
        bound.attach(other);
        Ioas source = rig.ioas(ioas);
        rig.ioas(other).mapSlices(source.slices(0x2000, PAGE, 3), PAGE, true, 0x9000);
        assertThat(rig.physical.pinnedPages()).as("no second pin").isEqualTo(1);
        access.unpin(0x2000, PAGE);
        assertThat(rig.physical.pinnedPages()).as("the hardware keeps it").isEqualTo(1);
        bound.unbind();
        rig.assertNothingPinned();
    }

    @Test
    void shouldSurviveAClientThatGivesBackWhatItDoesNotHold() {
        access.attach(ioas);
        rig.map(ioas, buffer, 0x1000);
        var other = rig.context.createAccess(new Client(true));
        other.attach(ioas);
        other.pin(0x1000, PAGE, false, (phys, length) -> {});
        access.unpin(0x1000, PAGE);
        assertThat(rig.physical.pinnedPages())
                .as("the pin of the other access stays")
                .isEqualTo(1);
        assertThat(rig.context.errors().count()).isEqualTo(1);
        other.unpin(0x1000, PAGE);
        other.destroy();
        rig.expectInternalErrors(1);
    }

    @Test
    @Spec("I-162")
    void shouldReadHeldPagesOfAnExitedProcess() {
        rig.map(ioas, buffer, 0x1000);
        buffer.set(ValueLayout.JAVA_BYTE, PAGE, (byte) 77);
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(ioas);
        access.attach(ioas);
        rig.memory.close();
        byte[] read = new byte[1];
        access.rw(0x2000, MemorySegment.ofArray(read), false);
        assertThat(read[0]).isEqualTo((byte) 77);
        TestDevice second = rig.device(new org.vfio4j.host.embedded.iommu.PagingUnit(
                "iommu1", rig.physical, org.vfio4j.host.embedded.iommu.PagingConfig.defaults(), rig.faults));
        IommufdDevice secondBound = rig.bind(second);
        secondBound.attach(ioas);
        assertThat(second.dma().read(0x2000, MemorySegment.ofArray(read), 0, 1)).isTrue();
        secondBound.detach();
        bound.detach();
        assertThat(errnoOf(() -> secondBound.attach(ioas)))
                .as("nobody held the pages")
                .isEqualTo(Errno.EFAULT);
        bound.unbind();
        secondBound.unbind();
    }

    @Test
    void shouldNotRaiseTheAlignmentForCopiesOnly() {
        var copier = rig.context.createAccess(new Client(false));
        copier.attach(ioas);
        rig.context.map(rig.caller, ioas, FIXED | RW, buffer.address() + 3, 5, 0x1003);
        assertThat(rig.ioas(ioas).engine().usable().alignment()).isEqualTo(1);
        copier.rw(0x1003, MemorySegment.ofArray(new byte[] {9, 9, 9, 9, 9}), true);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 7)).isEqualTo((byte) 9);
        copier.destroy();
    }
}
