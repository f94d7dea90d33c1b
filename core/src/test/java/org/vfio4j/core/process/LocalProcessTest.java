// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.process.BouncePool.Bounce;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class LocalProcessTest {
    private static final int PAGE = 4096;
    private static final int SIZE = 3 * Bounce.SIZE;

    private final FrameTable physical = new FrameTable();
    private final RecordingFile file = new RecordingFile(SIZE);
    private final Map<String, UapiFile> paths = new ConcurrentHashMap<>(Map.of("/dev/file", file));
    private final LocalProcess process =
            new LocalProcess(this::open, physical, new ProcessOptions(1000, Set.of(Capability.IPC_LOCK), 1 << 20, 4));

    private UapiFile open(String path, int flags) {
        UapiFile found = paths.get(path);
        if (found == null) {
            throw new VfioException(Errno.ENOENT, path);
        }
        return found;
    }

    private int open(int flags) {
        return process.open("/dev/file", flags);
    }

    private static void assertErrno(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @AfterEach
    void close() {
        process.close();
    }

    @Test
    void shouldBeWhoItsOptionsSay() {
        assertThat(process.uid()).isEqualTo(1000);
        assertThat(process.memlockLimit()).isEqualTo(1 << 20);
        assertThat(process.capable(Capability.IPC_LOCK)).isTrue();
        assertThat(process.capable(Capability.SYS_RAWIO)).isFalse();
    }

    @Test
    void shouldOpenPathsAndGiveBackTheNumberOnFailure() {
        assertErrno(Errno.ENOENT, () -> process.open("/dev/none", UapiProcess.O_RDWR));
        assertErrno(Errno.EINVAL, () -> open(3));
        int fd = open(UapiProcess.O_RDWR);
        assertThat(fd).isZero();
        assertThat(process.files().closeOnExec(fd)).isFalse();
        assertThat(process.files().closeOnExec(open(UapiProcess.O_RDWR | 0x80000)))
                .isTrue();
        for (int i = 2; i < 4; i++) {
            process.eventfd(0);
        }
        assertErrno(Errno.EMFILE, () -> process.open("/dev/none", UapiProcess.O_RDWR));
        assertErrno(Errno.EMFILE, () -> process.eventfd(0));
    }

    @Test
    void shouldPassIoctlsWithTheCaller() {
        int fd = open(UapiProcess.O_RDONLY);
        assertThat(process.ioctl(fd, 1, 7)).isEqualTo(1007);
        assertErrno(Errno.ENOTTY, () -> process.ioctl(fd, RecordingFile.FAIL, 0));
        assertErrno(Errno.EBADF, () -> process.ioctl(fd + 1, 1, 0));
        assertThat(process.poll(fd)).isEqualTo(UapiFile.POLL_OUT);
    }

    @Test
    void shouldCloseAFileOnlyAfterTheCallOnItReturned() {
        int fd = open(UapiProcess.O_RDWR);
        file.duringIoctl = () -> {
            process.close(fd);
            assertThat(file.closes).as("closed during its ioctl").hasValue(0);
        };
        process.ioctl(fd, 1, 0);
        assertThat(file.closes).hasValue(1);
    }

    @Test
    void shouldCheckTheAccessMode() {
        MemorySegment memory = process.allocate(PAGE);
        int reading = open(UapiProcess.O_RDONLY);
        int writing = open(1);
        assertErrno(Errno.EBADF, () -> process.write(reading, memory.address(), 1));
        assertErrno(Errno.EBADF, () -> process.pwrite(reading, memory.address(), 1, 0));
        assertErrno(Errno.EBADF, () -> process.read(writing, memory.address(), 1));
        assertErrno(Errno.EBADF, () -> process.pread(writing, memory.address(), 1, 0));
        assertErrno(Errno.EACCES, () -> process.mmap(writing, 0, PAGE, 1, true));
        assertErrno(Errno.EACCES, () -> process.mmap(reading, 0, PAGE, 3, true));
        process.mmap(reading, 0, PAGE, 3, false).close();
        assertThat(file.positions).as("accesses that reached the file").isEmpty();
    }

    @Test
    void shouldAdvanceThePositionOfPlainAccessesOnly() {
        MemorySegment memory = process.allocate(PAGE);
        int fd = open(UapiProcess.O_RDWR);
        int copy = process.dup(fd);
        memory.set(ValueLayout.JAVA_INT, 0, 0x04030201);
        assertThat(process.write(fd, memory.address(), 4)).isEqualTo(4);
        assertThat(process.read(copy, memory.address() + 8, 2)).isEqualTo(2);
        assertThat(process.pread(fd, memory.address() + 8, 2, 1)).isEqualTo(2);
        assertThat(memory.get(ValueLayout.JAVA_SHORT, 8)).isEqualTo((short) 0x0302);
        assertThat(process.pwrite(fd, memory.address(), 4, 100)).isEqualTo(4);
        assertThat(process.read(fd, memory.address(), 1)).isEqualTo(1);
        assertThat(file.positions).containsExactly(0L, 4L, 1L, 100L, 6L);
    }

    @Test
    void shouldMoveLargeCountsInPartsAndStopAtTheEndOfTheFile() {
        MemorySegment memory = process.allocate(2L * SIZE);
        int fd = open(UapiProcess.O_RDWR);
        for (int i = 0; i < SIZE; i += 4) {
            memory.set(ValueLayout.JAVA_INT, i, i);
        }
        assertThat(process.pwrite(fd, memory.address(), 2L * SIZE, 0))
                .as("the file refuses what follows its end")
                .isEqualTo(SIZE);
        assertThat(file.bytes.mismatch(memory.asSlice(0, SIZE))).isEqualTo(-1);
        assertThat(process.pread(fd, memory.address() + SIZE, SIZE, 4)).isEqualTo(SIZE - 4);
        assertThat(memory.get(ValueLayout.JAVA_INT, SIZE)).isEqualTo(4);
        assertErrno(Errno.EINVAL, () -> process.pread(fd, memory.address(), 1, SIZE));
    }

    @Test
    void shouldFaultForMemoryThatIsNotThere() {
        MemorySegment memory = process.allocate(PAGE);
        int fd = open(UapiProcess.O_RDWR);
        assertErrno(Errno.EFAULT, () -> process.read(fd, 0, 1));
        assertErrno(Errno.EFAULT, () -> process.write(fd, memory.address(), PAGE + 1));
        assertErrno(Errno.EFAULT, () -> process.read(fd, memory.address(), -1));
        assertErrno(Errno.EFAULT, () -> process.read(fd, -1, 8));
        process.protect(memory, UapiProcess.PROT_READ);
        assertErrno(Errno.EFAULT, () -> process.read(fd, memory.address(), 4));
        assertThat(process.write(fd, memory.address(), 4))
                .as("position after failed calls, and a read-only source")
                .isEqualTo(4);
        assertThat(file.bytes.get(ValueLayout.JAVA_INT, 0)).isZero();
        process.free(memory);
        assertErrno(Errno.EFAULT, () -> process.write(fd, memory.address(), 4));
    }

    @Test
    void shouldCheckPositions() {
        MemorySegment memory = process.allocate(PAGE);
        int fd = open(UapiProcess.O_RDWR);
        assertErrno(Errno.EINVAL, () -> process.pread(fd, memory.address(), 1, -1));
        assertErrno(Errno.EINVAL, () -> process.pread(fd, memory.address(), 8, Long.MAX_VALUE - 7));
        file.positional = false;
        assertErrno(Errno.ESPIPE, () -> process.pread(fd, memory.address(), 1, 0));
        assertErrno(Errno.ESPIPE, () -> process.pwrite(fd, memory.address(), 1, 0));
        process.read(fd, memory.address(), 1);
        process.read(fd, memory.address(), 1);
        assertThat(file.positions).as("a file without position stays at 0").containsExactly(0L, 0L);
        process.close(fd);
        assertThat(file.closes).as("refused calls hold nothing").hasValue(1);
    }

    @Test
    void shouldKeepAMappedFileOpen() {
        int fd = open(UapiProcess.O_RDWR);
        UapiMapping mapping = process.mmap(fd, PAGE, PAGE - 1, 3, true);
        assertThat(mapping.segment().byteSize()).as("whole pages").isEqualTo(PAGE);
        process.close(fd);
        assertThat(file.closes).hasValue(0);
        mapping.close();
        mapping.close();
        assertThat(file.unmaps).hasValue(1);
        assertThat(file.closes).hasValue(1);
    }

    @Test
    void shouldRefuseMappingsThatCannotBe() {
        int fd = open(UapiProcess.O_RDWR);
        assertErrno(Errno.EINVAL, () -> process.mmap(fd, 1, PAGE, 1, true));
        assertErrno(Errno.EINVAL, () -> process.mmap(fd, 0, 0, 1, true));
        assertErrno(Errno.EOVERFLOW, () -> process.mmap(fd, Long.MAX_VALUE - PAGE + 1, 2 * PAGE, 1, true));
        assertErrno(Errno.EBADF, () -> process.mmap(fd + 1, 0, PAGE, 1, true));
        int event = process.eventfd(0);
        assertErrno(Errno.ENODEV, () -> process.mmap(event, 0, PAGE, 1, true));
        process.close(fd);
        assertThat(file.closes).as("refused mappings hold nothing").hasValue(1);
    }

    @Test
    void shouldOfferEventCounters() {
        MemorySegment memory = process.allocate(8);
        int fd = process.eventfd(3);
        assertThat(process.read(fd, memory.address(), 8)).isEqualTo(8);
        assertThat(memory.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(3);
        assertErrno(Errno.EAGAIN, () -> process.read(fd, memory.address(), 8));
        assertErrno(Errno.ESPIPE, () -> process.pread(fd, memory.address(), 8, 0));
        assertErrno(Errno.ENOTTY, () -> process.ioctl(fd, 1, 0));
        assertErrno(Errno.EINVAL, () -> process.eventfd(-1));
        assertErrno(Errno.EINVAL, () -> process.eventfd(1L << 32));
        EventCounter event;
        try (var reference = process.files().get(fd)) {
            event = (EventCounter) reference.file();
        }
        process.close(fd);
        assertThat(event.closed()).isTrue();
    }

    @Test
    void shouldEndWithEverythingClosed() {
        MemorySegment memory = process.allocate(PAGE);
        int fd = open(UapiProcess.O_RDWR);
        process.dup(fd);
        UapiMapping mapping = process.mmap(fd, 0, PAGE, 1, true);
        process.close();
        assertThat(file.unmaps).hasValue(1);
        assertThat(file.closes).hasValue(1);
        assertThat(memory.scope().isAlive()).isFalse();
        assertThat(process.memory().alive()).isFalse();
        assertErrno(Errno.EBADF, () -> process.ioctl(fd, 1, 0));
        assertErrno(Errno.ESRCH, () -> open(UapiProcess.O_RDWR));
        assertErrno(Errno.ESRCH, () -> process.allocate(1));
        mapping.close();
        process.close();
        assertThat(file.closes).hasValue(1);
    }
}
