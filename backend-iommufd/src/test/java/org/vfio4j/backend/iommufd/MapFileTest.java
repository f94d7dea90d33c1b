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
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuIoasChangeProcess;
import org.vfio4j.uapi.struct.IommuIoasCopy;
import org.vfio4j.uapi.struct.IommuIoasMapFile;

/** Pages of files: IOAS_MAP_FILE and IOAS_CHANGE_PROCESS. Spec: iommufd §5.5, §5.15. */
class MapFileTest {
    private static final long IOVA = 0x10_0000;
    private static final long UNLIMITED = Long.MAX_VALUE;

    private final Rig rig = new Rig();
    private final int ioas = rig.ioas();
    private final LocalProcess process = process(UNLIMITED);
    private final MemorySegment bytes = process.allocate(8 * PAGE);
    private final int fd = process.memoryFile(bytes);
    private final MemorySegment argument = process.allocate(PAGE);
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[PAGE]);

    @AfterEach
    void close() {
        rig.close();
        process.close();
    }

    private LocalProcess process(long memlockLimit) {
        return new LocalProcess(
                (path, flags) -> {
                    throw new VfioException(Errno.ENOENT, path);
                },
                rig.physical,
                ProcessOptions.user(1000, memlockLimit));
    }

    /** The ioctl; the iova, or minus an errno. */
    private long mapFile(LocalProcess caller, int flags, int id, int file, long start, long length, long iova) {
        var map = argument.asSlice(0, IommuIoasMapFile.SIZEOF).fill((byte) 0);
        IommuIoasMapFile.size(map, IommuIoasMapFile.SIZEOF);
        IommuIoasMapFile.flags(map, flags);
        IommuIoasMapFile.ioasId(map, id);
        IommuIoasMapFile.fd(map, file);
        IommuIoasMapFile.start(map, start);
        IommuIoasMapFile.length(map, length);
        IommuIoasMapFile.iova(map, iova);
        MemorySegment theirs = caller == process ? map : caller.allocate(PAGE).copyFrom(map);
        try {
            rig.file.ioctl(caller, IommufdIoctl.IOMMU_IOAS_MAP_FILE, theirs.address());
            return IommuIoasMapFile.iova(theirs);
        } catch (VfioException refused) {
            return -refused.errno().number();
        }
    }

    private long mapFile(int flags, int file, long start, long length) {
        return mapFile(process, flags, ioas, file, start, length, IOVA);
    }

    private static long refusal(Errno errno) {
        return -errno.number();
    }

    private long copy(int target, long length) {
        var copy = argument.asSlice(0, IommuIoasCopy.SIZEOF).fill((byte) 0);
        IommuIoasCopy.size(copy, IommuIoasCopy.SIZEOF);
        IommuIoasCopy.flags(copy, FIXED | RW);
        IommuIoasCopy.srcIoasId(copy, ioas);
        IommuIoasCopy.dstIoasId(copy, target);
        IommuIoasCopy.length(copy, length);
        IommuIoasCopy.srcIova(copy, IOVA);
        IommuIoasCopy.dstIova(copy, IOVA);
        return rig.file.ioctl(process, IommufdIoctl.IOMMU_IOAS_COPY, copy.address());
    }

    private long changeProcess(LocalProcess caller, int reserved) {
        var change = caller.allocate(PAGE);
        IommuIoasChangeProcess.size(change, IommuIoasChangeProcess.SIZEOF);
        IommuIoasChangeProcess.reserved(change, reserved);
        try {
            return rig.file.ioctl(caller, IommufdIoctl.IOMMU_IOAS_CHANGE_PROCESS, change.address());
        } catch (VfioException refused) {
            return refusal(refused.errno());
        }
    }

    private static final class Client implements AccessClient {
        @Override
        public boolean needsPinPages() {
            return true;
        }

        @Override
        public void dmaUnmap(long iova, long length) {
            // Nothing is kept pinned.
        }
    }

    @Test
    @Spec({"I-090", "I-097", "I-099"})
    void shouldTranslateToThePagesOfTheFileAfterItsDescriptorIsClosed() {
        TestDevice device = rig.device();
        IommufdDevice bound = rig.bind(device);
        bound.attach(ioas);
        assertThat(mapFile(FIXED | RW, fd, PAGE, 4 * PAGE)).isEqualTo(IOVA);
        assertThat(rig.physical.pinnedPages()).isEqualTo(4);
        bytes.set(ValueLayout.JAVA_BYTE, PAGE + 7, (byte) 42);
        process.close(fd);
        assertThat(device.dma().read(IOVA + 7, scratch, 0, 2)).isTrue();
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 1)).as("a hole").isZero();
        assertThat(device.dma().write(IOVA + 3 * PAGE, scratch, 0, 1)).isTrue();
        assertThat(bytes.get(ValueLayout.JAVA_BYTE, 4 * PAGE)).isEqualTo((byte) 42);

        IommufdAccess access = rig.context.createAccess(new Client());
        access.attach(ioas);
        access.rw(IOVA + 7, scratch.asSlice(100, 1), false);
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 100)).isEqualTo((byte) 42);
        access.destroy();
        bound.unbind();
        rig.assertNothingPinned();
    }

    @Test
    @Spec({"I-090", "I-097"})
    void shouldReadAndWriteTheFileThroughAnAccessAlone() {
        assertThat(mapFile(FIXED | RW, fd, PAGE + 0x800, 2 * PAGE)).isEqualTo(IOVA);
        process.close(fd);
        IommufdAccess access = rig.context.createAccess(new NoPins());
        access.attach(ioas);
        bytes.set(ValueLayout.JAVA_BYTE, 2 * PAGE, (byte) 5);
        access.rw(IOVA + 0x7ff, scratch.asSlice(0, 2), false);
        assertThat(scratch.get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 5);
        access.rw(IOVA + PAGE, scratch.asSlice(0, PAGE), true);
        assertThat(bytes.get(ValueLayout.JAVA_BYTE, 2 * PAGE + 0x801)).isEqualTo((byte) 5);
        rig.assertNothingPinned();
        access.destroy();
    }

    private static final class NoPins implements AccessClient {
        @Override
        public boolean needsPinPages() {
            return false;
        }

        @Override
        public void dmaUnmap(long iova, long length) {
            // Nothing is ever pinned.
        }
    }

    @Test
    @Spec({"I-091", "I-092", "I-093"})
    void shouldCheckTheArgumentInTheKernelsOrder() {
        assertThat(mapFile(8, -1, 0, -1L)).isEqualTo(refusal(Errno.EOPNOTSUPP));
        assertThat(mapFile(FIXED, -1, 0, -1L)).isEqualTo(refusal(Errno.EOVERFLOW));
        assertThat(mapFile(process, FIXED, ioas, -1, 0, 0, -1)).isEqualTo(refusal(Errno.EOVERFLOW));
        assertThat(mapFile(process, FIXED, 99, -1, 0, 0, IOVA)).isEqualTo(refusal(Errno.EINVAL));
        assertThat(mapFile(process, FIXED | R, 99, -1, 0, 0, IOVA)).isEqualTo(refusal(Errno.ENOENT));
        assertThat(mapFile(FIXED | R, -1, 0, 0)).as("length 0").isEqualTo(refusal(Errno.EINVAL));
        assertThat(mapFile(FIXED | R, -1, -PAGE, PAGE + 1)).as("wraps").isEqualTo(refusal(Errno.EOVERFLOW));
        assertThat(mapFile(FIXED | R, -1, 0, PAGE)).as("descriptor").isEqualTo(refusal(Errno.EBADF));
        assertThat(mapFile(FIXED | R, 1000, 0, PAGE)).as("descriptor").isEqualTo(refusal(Errno.EBADF));
        assertThat(mapFile(FIXED | R, fd, 0, PAGE)).isEqualTo(IOVA);
        assertThat(mapFile(FIXED | R, fd, 0, PAGE)).as("there already").isEqualTo(refusal(Errno.EEXIST));
        assertThat(mapFile(FIXED | R, fd, -PAGE, PAGE))
                .as("up to the last byte")
                .isEqualTo(refusal(Errno.EEXIST));
    }

    @Test
    @Spec("I-094")
    void shouldTakeAnyFileUntilItsPagesAreNeeded() {
        int event = process.eventfd(0);
        assertThat(mapFile(FIXED | RW, event, 0, PAGE)).isEqualTo(IOVA);
        IommufdDevice bound = rig.bind(rig.device());
        assertThat(errnoOf(() -> bound.attach(ioas))).isEqualTo(Errno.EINVAL);
        assertThat(rig.context.unmap(ioas, IOVA, PAGE)).isEqualTo(PAGE);
        bound.attach(ioas);
        assertThat(mapFile(FIXED | RW, event, 0, PAGE)).isEqualTo(refusal(Errno.EINVAL));
        bound.unbind();
    }

    @Test
    @Spec("I-095")
    void shouldRefuseWhatLiesBeyondTheEndOfTheFile() {
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(ioas);
        assertThat(mapFile(FIXED | RW, fd, 4 * PAGE, 5 * PAGE)).isEqualTo(refusal(Errno.EINVAL));
        assertThat(mapFile(FIXED | RW, fd, Long.MIN_VALUE, PAGE)).isEqualTo(refusal(Errno.EINVAL));
        process.truncate(fd, 0);
        assertThat(mapFile(FIXED | RW, fd, 0, PAGE)).isEqualTo(refusal(Errno.EINVAL));
        process.truncate(fd, PAGE + 1);
        assertThat(mapFile(FIXED | RW, fd, PAGE, 1))
                .as("a page with an end in it")
                .isEqualTo(refusal(Errno.EINVAL));
        rig.assertNothingPinned();
        process.truncate(fd, 2 * PAGE);
        assertThat(mapFile(FIXED | RW, fd, PAGE, 1)).isEqualTo(refusal(Errno.EINVAL));
        assertThat(mapFile(FIXED | RW, fd, PAGE, PAGE)).isEqualTo(IOVA);
        process.truncate(fd, 0);
        assertThat(rig.physical.pinnedPages()).as("what is pinned stays").isEqualTo(1);
        bound.unbind();
    }

    @Test
    void shouldChooseTheAddressByThePlaceInTheFile() {
        assertThat(mapFile(process, RW, ioas, fd, 0x800, 0x800, 0)).isEqualTo(0x1800);
        assertThat(mapFile(process, RW, ioas, fd, 0x4000, 3 * PAGE, 0)).isEqualTo(0x4000);
    }

    @Test
    void shouldChargePagesLikeOthersAndKeepThemThroughCopies() {
        LocalProcess limited = process(2 * PAGE);
        int file = limited.memoryFile(limited.allocate(8 * PAGE));
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(ioas);
        assertThat(mapFile(limited, FIXED | RW, ioas, file, 0, 3 * PAGE, IOVA)).isEqualTo(refusal(Errno.ENOMEM));
        rig.assertNothingPinned();
        assertThat(mapFile(limited, FIXED | RW, ioas, file, 0, 2 * PAGE, IOVA)).isEqualTo(IOVA);
        assertThat(rig.userLockedMemory(1000).pages()).isEqualTo(2);
        limited.close(file);
        int other = rig.ioas();
        assertThat(copy(other, PAGE)).isZero();
        rig.context.unmap(ioas, IOVA, 2 * PAGE);
        assertThat(rig.physical.pinnedPages()).as("no hardware holds the copy").isZero();
        bound.detach();
        bound.attach(other);
        assertThat(rig.physical.pinnedPages()).as("the file is still there").isEqualTo(1);
        bound.unbind();
        limited.close();
    }

    @Test
    @Spec({"I-231", "I-233"})
    void shouldMoveNothingWhileAProcessOwnMemoryIsMapped() {
        LocalProcess next = process(UNLIMITED);
        assertThat(changeProcess(next, 1)).isEqualTo(refusal(Errno.EOPNOTSUPP));
        assertThat(changeProcess(next, 0)).as("nothing is mapped").isZero();
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(ioas);
        assertThat(mapFile(FIXED | RW, fd, 0, PAGE)).isEqualTo(IOVA);
        rig.mapBogus(rig.ioas(), IOVA, PAGE);
        assertThat(changeProcess(next, 0)).isEqualTo(refusal(Errno.EINVAL));
        assertThat(rig.userLockedMemory(1000).pages()).isEqualTo(1);
        bound.unbind();
        next.close();
    }

    @Test
    @Spec("I-232")
    void shouldMoveTheChargeToTheProcessThatTakesOver() {
        rig.context.objects().destroy(ioas);
        rig.context.objects().setAccountingMode(1);
        int own = rig.ioas();
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(own);
        mapFile(process, FIXED | RW, own, fd, 0, 3 * PAGE, IOVA);
        mapFile(process, FIXED | RW, own, fd, 0, 2 * PAGE, 2 * IOVA);
        var old = process.memory().lockedMemory();
        assertThat(old.pages()).isEqualTo(5);
        LocalProcess small = process(4 * PAGE);
        assertThat(changeProcess(small, 0)).isEqualTo(refusal(Errno.ENOMEM));
        assertThat(old.pages()).isEqualTo(5);
        assertThat(small.memory().lockedMemory().pages()).isZero();
        LocalProcess next = process(5 * PAGE);
        assertThat(changeProcess(next, 0)).isZero();
        assertThat(changeProcess(next, 0)).as("again").isZero();
        assertThat(old.pages()).isZero();
        assertThat(next.memory().lockedMemory().pages()).isEqualTo(5);
        rig.context.unmap(own, IOVA, 3 * PAGE);
        assertThat(next.memory().lockedMemory().pages()).isEqualTo(2);
        bound.unbind();
        assertThat(next.memory().lockedMemory().pages()).isZero();
        small.close();
        next.close();
    }

    @Test
    @Spec("I-232")
    void shouldMoveNoCounterForPagesThatAreNotCharged() {
        process.become(new ProcessOptions(1000, EnumSet.of(Capability.IPC_LOCK), 0, 100));
        IommufdDevice bound = rig.bind(rig.device());
        bound.attach(ioas);
        assertThat(mapFile(FIXED | W, fd, 0, PAGE)).isEqualTo(IOVA);
        LocalProcess next = process(0);
        assertThat(changeProcess(next, 0)).isZero();
        assertThat(rig.userLockedMemory(1000).pages()).isZero();
        bound.unbind();
        next.close();
    }
}
