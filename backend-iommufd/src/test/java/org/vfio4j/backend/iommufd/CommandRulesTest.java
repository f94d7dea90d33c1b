// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.errnoOf;

import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.testing.Spec;
import org.vfio4j.testing.fixture.SimulatedCaller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.struct.IommuDestroy;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasAllowIovas;
import org.vfio4j.uapi.struct.IommuIoasIovaRanges;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuIoasUnmap;
import org.vfio4j.uapi.struct.IommuIovaRange;
import org.vfio4j.uapi.struct.IommuOption;
import org.vfio4j.uapi.struct.UapiLayouts;

/** The rules all ioctls follow, and ids. Spec: iommufd §2, §3. */
class CommandRulesTest {
    private final Rig rig = new Rig();
    private final MemorySegment page = rig.page();

    @AfterEach
    void close() {
        rig.close();
    }

    static Stream<Arguments> commands() {
        return Stream.of(
                Arguments.of(0x3b80, 8, 8),
                Arguments.of(0x3b81, 12, 12),
                Arguments.of(0x3b82, 24, 24),
                Arguments.of(0x3b83, 40, 40),
                Arguments.of(0x3b84, 32, 32),
                Arguments.of(0x3b85, 40, 40),
                Arguments.of(0x3b86, 24, 24),
                Arguments.of(0x3b87, 24, 24),
                Arguments.of(0x3b88, 12, 12),
                Arguments.of(0x3b89, 48, 24),
                Arguments.of(0x3b8a, 40, 32),
                Arguments.of(0x3b8b, 16, 16),
                Arguments.of(0x3b8c, 48, 48));
    }

    @ParameterizedTest(name = "0x{0}")
    @MethodSource("commands")
    @Spec({"I-009", "I-010", "I-011"})
    void shouldJudgeEveryStructByItsSize(int command, int size, int least) {
        size(least - 1);
        assertThat(errnoOf(() -> rig.ioctl(command))).as("too short").isEqualTo(Errno.EINVAL);

        size(size + 1);
        page.set(UapiLayouts.U8, size, (byte) 1);
        assertThat(errnoOf(() -> rig.ioctl(command))).as("unknown byte set").isEqualTo(Errno.E2BIG);

        // The all-zero struct is refused or accepted alike with and without a tail of zeros.
        size(size);
        String exact = outcome(command);
        page.fill((byte) 0);
        size(size + 1);
        assertThat(outcome(command)).isEqualTo(exact);
    }

    private String outcome(int command) {
        try {
            return "result " + rig.ioctl(command);
        } catch (org.vfio4j.uapi.VfioException refused) {
            return refused.errno().name();
        }
    }

    @Test
    @Spec({"I-005", "I-006", "I-008"})
    void shouldTellUnknownNumbersFromBadPointers() {
        assertThat(errnoOf(() -> rig.file.ioctl(rig.caller, 0x3b7f, 0))).isEqualTo(Errno.ENOTTY);
        assertThat(errnoOf(() -> rig.file.ioctl(rig.caller, 0x3bff, 0))).isEqualTo(Errno.ENOTTY);
        assertThat(errnoOf(() -> rig.file.ioctl(rig.caller, 0x3b80, 0))).isEqualTo(Errno.EFAULT);
        assertThat(errnoOf(() -> rig.file.ioctl(rig.caller, 0x3b94, 0)))
                .as("a hole")
                .isEqualTo(Errno.EFAULT);
        size(12);
        assertThat(errnoOf(() -> rig.ioctl(0x3b94))).as("a hole").isEqualTo(Errno.ENOTTY);
        assertThat(errnoOf(() -> rig.ioctl(0x400c3b81))).as("encoded as _IOW").isEqualTo(Errno.ENOTTY);
    }

    @Test
    @Spec("I-012")
    void shouldFaultWhenTheTailIsUnreadable() {
        size(2 * PAGE);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_DESTROY))).isEqualTo(Errno.EFAULT);
    }

    @Test
    @Spec({"I-001", "I-002", "I-003", "I-004"})
    void shouldGiveTheLowestFreeId() {
        assertThat(alloc()).isEqualTo(1);
        assertThat(alloc()).isEqualTo(2);
        assertThat(alloc()).isEqualTo(3);
        destroy(2);
        assertThat(alloc()).isEqualTo(2);
        assertThat(errnoOf(() -> destroy(0))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> destroy(77))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> destroy(-1))).isEqualTo(Errno.ENOENT);
    }

    @Test
    @Spec("I-016")
    void shouldRefuseFlagsOfAllocAndUseNoId() {
        size(12);
        IommuIoasAlloc.flags(page, 1);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_ALLOC))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(alloc()).isEqualTo(1);
    }

    @Test
    @Spec("I-017")
    void shouldWithdrawAnObjectWhoseIdCannotBeReported() {
        size(12);
        rig.memory.protect(page, Protection.READ);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_ALLOC))).isEqualTo(Errno.EFAULT);
        rig.memory.protect(page, Protection.READ | Protection.WRITE);
        assertThat(alloc()).isEqualTo(1);
    }

    @Test
    @Spec({"I-018", "I-019"})
    void shouldKeepTheEffectOfMapAndUnmapWhenOnlyTheAnswerFaults() {
        int ioas = rig.ioas();
        size(40);
        IommuIoasMap.flags(page, Rig.FIXED | Rig.RW);
        IommuIoasMap.ioasId(page, ioas);
        IommuIoasMap.userVa(page, 0x10_0000);
        IommuIoasMap.length(page, PAGE);
        IommuIoasMap.iova(page, 0x1_0000);
        rig.memory.protect(page, Protection.READ);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_MAP))).isEqualTo(Errno.EFAULT);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_MAP))).isEqualTo(Errno.EEXIST);
        rig.memory.protect(page, Protection.READ | Protection.WRITE);
        page.fill((byte) 0);
        size(24);
        IommuIoasUnmap.ioasId(page, ioas);
        IommuIoasUnmap.iova(page, 0x1_0000);
        IommuIoasUnmap.length(page, PAGE);
        rig.memory.protect(page, Protection.READ);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_UNMAP))).isEqualTo(Errno.EFAULT);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_UNMAP))).isEqualTo(Errno.ENOENT);
        rig.memory.protect(page, Protection.READ | Protection.WRITE);
    }

    @Test
    @Spec({"I-035", "I-036", "I-040", "I-041"})
    void shouldSayHowManyRangesThereAreWhenThereIsNoRoom() {
        int ioas = rig.ioas();
        size(32);
        IommuIoasIovaRanges.ioasId(page, ioas);
        IommuIoasIovaRanges.allowedIovas(page, page.address() + 0x100);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_IOVA_RANGES)))
                .isEqualTo(Errno.EMSGSIZE);
        assertThat(IommuIoasIovaRanges.numIovas(page)).isEqualTo(1);

        IommuIoasIovaRanges.numIovas(page, 4);
        rig.ioctl(IommufdIoctl.IOMMU_IOAS_IOVA_RANGES);
        assertThat(IommuIoasIovaRanges.numIovas(page)).isEqualTo(1);
        assertThat(IommuIoasIovaRanges.outIovaAlignment(page)).isEqualTo(1);
        MemorySegment entry = page.asSlice(0x100, IommuIovaRange.SIZEOF);
        assertThat(IommuIovaRange.start(entry)).isZero();
        assertThat(IommuIovaRange.last(entry)).isEqualTo(-1);

        IommuIoasIovaRanges.numIovas(page, 3);
        IommuIoasIovaRanges.allowedIovas(page, 8);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_IOVA_RANGES)))
                .isEqualTo(Errno.EFAULT);
        assertThat(IommuIoasIovaRanges.numIovas(page)).as("struct unchanged").isEqualTo(3);
        IommuIoasIovaRanges.reserved(page, 1);
        IommuIoasIovaRanges.ioasId(page, 99);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_IOVA_RANGES)))
                .isEqualTo(Errno.EOPNOTSUPP);
    }

    /** ALLOW_IOVAS with a list in the page: first and last address by turns. */
    private void allow(int ioas, long... list) {
        page.fill((byte) 0);
        size(IommuIoasAllowIovas.SIZEOF);
        IommuIoasAllowIovas.ioasId(page, ioas);
        IommuIoasAllowIovas.numIovas(page, list.length / 2);
        IommuIoasAllowIovas.allowedIovas(page, page.address() + 0x100);
        for (int i = 0; i < list.length; i += 2) {
            MemorySegment entry = page.asSlice(0x100 + 8L * i, IommuIovaRange.SIZEOF);
            IommuIovaRange.start(entry, list[i]);
            IommuIovaRange.last(entry, list[i + 1]);
        }
        rig.ioctl(IommufdIoctl.IOMMU_IOAS_ALLOW_IOVAS);
    }

    private long mapAnywhere(int ioas) {
        return rig.context.map(rig.caller, ioas, Rig.RW, 0x10_0000, PAGE, 0);
    }

    @Test
    @Spec({"I-044", "I-045", "I-051"})
    void shouldTakeNoListThatIsNoneOrCannotBeRead() {
        int ioas = rig.ioas();
        allow(ioas, 0x5000, 0x5fff, 0x6000, 0x7fff);
        assertThat(mapAnywhere(ioas)).as("inside touching entries").isEqualTo(0x5000);
        assertThat(errnoOf(() -> allow(ioas, 0x9000, 0x9000)))
                .as("start = last")
                .isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> allow(ioas, 0x9001, 0x9000))).as("descending").isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> allow(ioas, 0x9000, 0xafff, 0xa000, 0xbfff)))
                .as("overlapping")
                .isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> allow(ioas, 0x9000, 0xffff, 0xa000, 0xafff)))
                .as("one inside the other")
                .isEqualTo(Errno.EINVAL);
        IommuIoasAllowIovas.allowedIovas(page, 8);
        assertThat(errnoOf(() -> rig.ioctl(IommufdIoctl.IOMMU_IOAS_ALLOW_IOVAS)))
                .as("bad pointer")
                .isEqualTo(Errno.EFAULT);
        assertThat(mapAnywhere(ioas)).as("the old list is kept").isEqualTo(0x6000);
    }

    @Test
    @Spec({"I-124", "I-125", "I-126", "I-127", "I-128", "I-129", "I-130"})
    void shouldChangeTheAccountingModeOnlyWithoutObjects() {
        assertThat(option(0, 1, 0, 0)).as("get").isZero();
        assertThat(errnoOf(() -> option(0, 0, 0, 1))).as("no CAP_SYS_RESOURCE").isEqualTo(Errno.EPERM);
        rig.caller.grant(Capability.SYS_RESOURCE);
        option(0, 0, 0, 1);
        assertThat(option(0, 1, 0, 0)).isEqualTo(1);
        assertThat(errnoOf(() -> option(0, 0, 0, 2))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> option(0, 1, 1, 0))).as("object id").isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> option(0, 7, 0, 0))).as("op").isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> option(9, 0, 0, 0))).as("option").isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errnoOf(() -> option(1, 1, 0, 0)))
                .as("huge pages of no object")
                .isEqualTo(Errno.ENOENT);
        rig.ioas();
        assertThat(errnoOf(() -> option(0, 0, 0, 2))).as("busy before invalid").isEqualTo(Errno.EBUSY);
    }

    @Test
    @Spec({"I-131", "I-133"})
    void shouldAlignToPagesWithoutLargeOnes() {
        int ioas = rig.ioas();
        assertThat(option(1, 1, ioas, 0)).isEqualTo(1);
        rig.mapBogus(ioas, 0x801, 1);
        assertThat(errnoOf(() -> option(1, 0, ioas, 0))).isEqualTo(Errno.EADDRINUSE);
        assertThat(option(1, 1, ioas, 0)).isEqualTo(1);
        rig.context.unmap(ioas, 0x801, 1);
        option(1, 0, ioas, 0);
        assertThat(option(1, 1, ioas, 0)).isZero();
        assertThat(rig.ioas(ioas).engine().usable().alignment()).isEqualTo(PAGE);
        assertThat(errnoOf(() -> option(1, 0, ioas, 2))).isEqualTo(Errno.EINVAL);
        option(1, 0, ioas, 1);
        assertThat(rig.ioas(ioas).engine().usable().alignment()).isEqualTo(1);
    }

    @Test
    @Spec("I-031")
    void shouldBeNoDataFile() {
        MemorySegment buffer = MemorySegment.ofArray(new byte[8]);
        assertThat(errnoOf(() -> rig.file.read(0, buffer))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.file.write(0, buffer))).isEqualTo(Errno.EINVAL);
        // Positional calls reach the file, which refuses them as EINVAL too; only a stream answers ESPIPE.
        assertThat(rig.file.positional()).isTrue();
        assertThat(rig.file.poll()).isEqualTo(UapiFile.POLL_IN | UapiFile.POLL_OUT);
        assertThat(errnoOf(() -> rig.file.mmap(0, PAGE, 3, false))).isEqualTo(Errno.EINVAL);
        assertThat(errnoOf(() -> rig.file.mmap(0, PAGE, 4, true))).isEqualTo(Errno.EPERM);
        assertThat(errnoOf(() -> rig.file.mmap(0, PAGE, 3, true))).isEqualTo(Errno.ENXIO);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Spec("I-138")
    void shouldCountPerUserOrPerProcess(boolean perProcess) {
        rig.caller.grant(Capability.SYS_RESOURCE);
        option(0, 0, 0, perProcess ? 1 : 0);
        int ioas = rig.ioas();
        var bound = rig.bind(rig.device());
        bound.attach(ioas);
        rig.caller.memlockLimit = 2 * PAGE;
        rig.map(ioas, rig.memory.allocate(2 * PAGE), 0);
        try (var memory = new JvmAddressSpace(rig.physical)) {
            var sibling = new SimulatedCaller<>(memory, rig.caller.uid());
            sibling.memlockLimit = 2 * PAGE;
            ThrowingCallable map = () -> rig.context.map(
                    sibling, ioas, Rig.FIXED | Rig.RW, memory.allocate(2 * PAGE).address(), 2 * PAGE, 0x10_0000);
            if (perProcess) {
                assertThatNoException().as("a budget of its own").isThrownBy(map);
                assertThat(memory.lockedMemory().pages()).isEqualTo(2);
            } else {
                assertThat(errnoOf(map)).as("the user's budget").isEqualTo(Errno.ENOMEM);
            }
            rig.context.unmap(ioas, 0, -1);
        }
        bound.unbind();
    }

    private long option(int option, int op, int object, long value) {
        size(24);
        IommuOption.optionId(page, option);
        IommuOption.op(page, op);
        IommuOption.objectId(page, object);
        IommuOption.val64(page, value);
        rig.ioctl(IommufdIoctl.IOMMU_OPTION);
        return IommuOption.val64(page);
    }

    private int alloc() {
        page.fill((byte) 0);
        size(12);
        rig.ioctl(IommufdIoctl.IOMMU_IOAS_ALLOC);
        return IommuIoasAlloc.outIoasId(page);
    }

    private void destroy(int id) {
        size(8);
        IommuDestroy.id(page, id);
        rig.ioctl(IommufdIoctl.IOMMU_DESTROY);
    }

    private void size(int size) {
        page.set(UapiLayouts.U32, 0, size);
    }
}
