// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPoll;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Talks with the script that mounts: lines through two FIFOs. */
final class MountTalk implements AutoCloseable {
    private static final int FIFO_MODE = 0600;
    private static final int LONGEST_LINE = 256;
    private static final int PAUSE_MILLISECONDS = 100;
    private static final long READ_PAUSE_NANOSECONDS = 100_000;
    private static final long PATIENCE_NANOSECONDS = TimeUnit.SECONDS.toNanos(20);

    private final Path ask;
    private final Path answer;
    private final int in;
    private final int out;
    private final long begun = System.nanoTime();

    /** Makes the FIFOs. */
    MountTalk(Path folder) throws IOException {
        ask = make(folder.resolve("ask"));
        answer = make(folder.resolve("answer"));
        in = open(ask);
        out = open(answer);
    }

    private static Path make(Path fifo) throws IOException {
        int result = LinuxPaths.makeFifo(fifo.toString(), FIFO_MODE);
        if (result != 0) {
            throw new IOException(fifo + " cannot be made: " + Errno.of(-result));
        }
        return fifo;
    }

    private static int open(Path fifo) throws IOException {
        // Both ways, so that opening does not wait for the other end.
        int fd = LinuxPaths.open(fifo.toString(), LinuxPaths.O_RDWR | LinuxPaths.O_CLOEXEC | LinuxPaths.O_NONBLOCK, 0);
        if (fd < 0) {
            throw new IOException(fifo + " cannot be opened: " + Errno.of(-fd));
        }
        return fd;
    }

    /** What the script writes to. */
    Path ask() {
        return ask;
    }

    /** What the script reads from. */
    Path answer() {
        return answer;
    }

    /**
     * Waits for a line of the script.
     *
     * @throws VfioException EPERM when the process ends before, or says nothing for too long
     */
    String read(Process process) {
        while (!readable(in, PAUSE_MILLISECONDS)) {
            if (!process.isAlive() && !readable(in, 0)) {
                throw new VfioException(Errno.EPERM, "users may have no namespaces of their own here");
            }
            if (System.nanoTime() - begun > PATIENCE_NANOSECONDS) {
                throw new VfioException(Errno.EPERM, "mounting in a user namespace takes too long");
            }
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment line = arena.allocate(LONGEST_LINE);
            long length = LinuxFiles.read(in, line);
            return new String(
                            line.asSlice(0, Math.max(length, 0)).toArray(ValueLayout.JAVA_BYTE),
                            StandardCharsets.US_ASCII)
                    .strip();
        }
    }

    /** Lets the script go on, and waits until it does. */
    void go(Process process) {
        try (var arena = Arena.ofConfined()) {
            LinuxFiles.write(out, arena.allocateFrom("go\n").asSlice(0, 3));
        }
        // Who closes before the script has opened its end would leave it waiting.
        while (process.isAlive() && readable(out, 0)) {
            LockSupport.parkNanos(READ_PAUSE_NANOSECONDS);
        }
    }

    private static boolean readable(int fd, int milliseconds) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(LinuxPoll.POLLFD_SIZE, Integer.BYTES);
            polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, fd);
            polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
            return LinuxPoll.poll(polled, milliseconds) > 0;
        }
    }

    @Override
    public void close() {
        LinuxFiles.close(in);
        LinuxFiles.close(out);
    }
}
