// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.ffm.LinuxPoll;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.runner.fuse.FuseServer;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Talks with the script that mounts: lines through two FIFOs. */
final class MountTalk {
    private static final int FIFO_MODE = 0600;
    private static final int FUSE_DESCRIPTOR = 9;
    private static final int LONGEST_LINE = 256;
    private static final int PAUSE_MILLISECONDS = 100;
    private static final long READ_PAUSE_NANOSECONDS = 100_000;
    private static final String SERVE = "serve ";

    private final Path ask;
    private final Path answer;

    /** Makes the FIFOs. */
    MountTalk(Path folder) throws IOException {
        ask = folder.resolve("ask");
        answer = folder.resolve("answer");
        for (Path fifo : new Path[] {ask, answer}) {
            int result = LinuxPaths.makeFifo(fifo.toString(), FIFO_MODE);
            if (result != 0) {
                throw new IOException(fifo + " cannot be made: " + Errno.of(-result));
            }
        }
    }

    /** What the script writes to. */
    Path ask() {
        return ask;
    }

    /** What the script reads from. */
    Path answer() {
        return answer;
    }

    void serve(
            Process process,
            MergedSys sys,
            FuseClients clients,
            Consumer<FuseServer> servers,
            Runnable mounted,
            Runnable failed) {
        int in = open(ask);
        int out = open(answer);
        try {
            while (true) {
                String line = read(in, process);
                if (line.startsWith(SERVE)) {
                    servers.accept(serve(Integer.parseInt(line.substring(SERVE.length())), sys, clients));
                    write(out);
                } else {
                    (line.equals("mounted") ? mounted : failed).run();
                    write(out);
                    return;
                }
            }
        } finally {
            LinuxFiles.close(in);
            // The script may not have opened its end yet; ours stays until it has read, or has ended.
            closeWhenRead(out, process);
        }
    }

    private static int open(Path fifo) {
        // Both ways, so that opening does not wait for the other end.
        int fd = LinuxPaths.open(fifo.toString(), LinuxPaths.O_RDWR | LinuxPaths.O_CLOEXEC | LinuxPaths.O_NONBLOCK, 0);
        if (fd < 0) {
            throw new VfioException(Errno.of(-fd), fifo + " cannot be opened");
        }
        return fd;
    }

    private static boolean readable(int fd, int milliseconds) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(LinuxPoll.POLLFD_SIZE, Integer.BYTES);
            polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, fd);
            polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
            return LinuxPoll.poll(polled, milliseconds) > 0;
        }
    }

    private static String read(int fd, Process process) {
        while (!readable(fd, PAUSE_MILLISECONDS)) {
            if (!process.isAlive() && !readable(fd, 0)) {
                throw new VfioException(
                        Errno.EPERM, "/sys cannot be mounted in a user namespace: unshare(1) or its shell ended early");
            }
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment line = arena.allocate(LONGEST_LINE);
            long length = LinuxFiles.read(fd, line);
            return new String(
                            line.asSlice(0, Math.max(length, 0)).toArray(ValueLayout.JAVA_BYTE),
                            StandardCharsets.US_ASCII)
                    .strip();
        }
    }

    private static void write(int fd) {
        try (var arena = Arena.ofConfined()) {
            LinuxFiles.write(fd, arena.allocateFrom("go\n").asSlice(0, 3));
        }
    }

    private static void closeWhenRead(int fd, Process process) {
        while (process.isAlive() && readable(fd, 0)) {
            LockSupport.parkNanos(READ_PAUSE_NANOSECONDS);
        }
        LinuxFiles.close(fd);
    }

    private static FuseServer serve(int pid, MergedSys sys, FuseClients clients) {
        int pidfd = LinuxPidfd.open(pid);
        if (pidfd < 0) {
            throw new VfioException(Errno.of(-pidfd), "process " + pid + " has ended");
        }
        try {
            int fd = LinuxPidfd.getfd(pidfd, FUSE_DESCRIPTOR);
            if (fd < 0) {
                throw new VfioException(Errno.of(-fd), "the FUSE descriptor of process " + pid + " cannot be shared");
            }
            LinuxFiles.setNonBlocking(fd);
            var server = new FuseServer(fd, sys, clients);
            server.start();
            return server;
        } finally {
            LinuxFiles.close(pidfd);
        }
    }
}
