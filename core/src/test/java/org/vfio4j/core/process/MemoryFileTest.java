// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.spi.call.PageFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class MemoryFileTest {
    private static final int PAGE = 4096;

    private final FrameTable physical = new FrameTable();
    private final LocalProcess process = new LocalProcess(
            (path, flags) -> {
                throw new VfioException(Errno.ENOENT, path);
            },
            physical,
            ProcessOptions.root());
    private final MemorySegment bytes = process.allocate(4 * PAGE);
    private final int fd = process.memoryFile(bytes);
    private final MemorySegment buffer = process.allocate(PAGE);

    @AfterEach
    void close() {
        process.close();
        assertThat(physical.pinnedPages()).isZero();
    }

    private static void refused(Errno errno, ThrowingCallable call) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(call)
                .satisfies(refused -> assertThat(refused.errno()).isEqualTo(errno));
    }

    @Test
    void shouldBeTheSameBytesAsItsSegment() {
        bytes.set(ValueLayout.JAVA_BYTE, PAGE + 3, (byte) 9);
        assertThat(process.pread(fd, buffer.address(), 8, PAGE)).isEqualTo(8);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) 9);
        assertThat(process.pwrite(fd, buffer.address() + 3, 1, 2 * PAGE)).isEqualTo(1);
        assertThat(bytes.get(ValueLayout.JAVA_BYTE, 2 * PAGE)).isEqualTo((byte) 9);
    }

    @Test
    void shouldEndWhereItWasCutAndComeBackAsZeros() {
        bytes.fill((byte) 7);
        process.truncate(fd, PAGE + 10);
        assertThat(process.pread(fd, buffer.address(), 100, PAGE)).isEqualTo(10);
        assertThat(process.pread(fd, buffer.address(), 100, 2 * PAGE)).isZero();
        process.truncate(fd, 4 * PAGE);
        assertThat(process.pread(fd, buffer.address(), 100, PAGE)).isEqualTo(100);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 9)).isEqualTo((byte) 7);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 10)).isZero();
        process.truncate(fd, 0);
        assertThat(process.pwrite(fd, buffer.address(), 1, PAGE)).isEqualTo(1);
        assertThat(process.pread(fd, buffer.address(), 2, 0))
                .as("a write beyond the end makes the file longer")
                .isEqualTo(2);
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    }

    @Test
    void shouldRefuseWhatNoFileCanBeMadeOf() {
        refused(Errno.EINVAL, () -> process.memoryFile(MemorySegment.ofArray(new byte[PAGE])));
        refused(Errno.EINVAL, () -> process.memoryFile(bytes.asSlice(1, PAGE)));
        refused(Errno.EINVAL, () -> process.truncate(fd, -1));
        refused(Errno.EFBIG, () -> process.truncate(fd, 4 * PAGE + 1));
        refused(Errno.EFBIG, () -> process.pwrite(fd, buffer.address(), 1, 4 * PAGE));
        refused(Errno.EINVAL, () -> process.truncate(process.eventfd(0), 0));
        refused(Errno.EBADF, () -> process.truncate(99, 0));
        refused(Errno.ENOTTY, () -> process.ioctl(fd, 0x3b64, 0));
    }

    @Test
    void shouldKeepPinnedPagesWhenItIsClosed() {
        long[] phys = new long[1];
        try (var reference = process.files().get(fd)) {
            var file = (PageFile) reference.file();
            refused(Errno.EINVAL, () -> file.pin(3 * PAGE, 2 * PAGE, true, (at, length) -> {}));
            refused(Errno.EINVAL, () -> file.pin(-PAGE, PAGE, true, (at, length) -> {}));
            file.pin(PAGE, 2 * PAGE, true, (at, length) -> phys[0] = at);
        }
        process.close(fd);
        assertThat(physical.pinnedPages()).isEqualTo(2);
        bytes.set(ValueLayout.JAVA_BYTE, PAGE, (byte) 5);
        assertThat(physical.read(phys[0], buffer, 0, 1)).isTrue();
        assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 5);
        physical.unpin(phys[0], 2 * PAGE, true);
        assertThat(physical.backing(phys[0])).as("the memory behind the file").isNull();
    }

    @Test
    void shouldNotWriteAReadOnlySegmentAndNotOutliveAnArena() {
        try (var arena = Arena.ofShared()) {
            int readOnly = process.memoryFile(arena.allocate(PAGE, PAGE).asReadOnly());
            refused(Errno.EIO, () -> process.pwrite(readOnly, buffer.address(), 1, 0));
            try (var reference = process.files().get(readOnly)) {
                var file = (PageFile) reference.file();
                refused(Errno.EACCES, () -> file.pin(0, PAGE, true, (at, length) -> {}));
            }
            process.close(readOnly);
        }
        var gone = Arena.ofShared();
        int fdOfGone = process.memoryFile(gone.allocate(PAGE, PAGE));
        gone.close();
        refused(Errno.EIO, () -> process.pread(fdOfGone, buffer.address(), 1, 0));
        try (var reference = process.files().get(fdOfGone)) {
            var file = (PageFile) reference.file();
            refused(Errno.ENOMEM, () -> file.pin(0, PAGE, false, (at, length) -> {}));
        }
    }
}
