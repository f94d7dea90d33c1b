// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.CountedDescriptor;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.notify.Call;

/**
 * A thread of the program. It is known by an open directory of {@code /proc}, which does not come to mean another thread when the
 * number is used again. Thread-safe; finding a file neither locks nor allocates.
 */
public final class Task {
    private static final MemorySegment CWD = Arena.global().allocateFrom("cwd");

    private static final int O_CLOEXEC = 02000000;
    private static final int EBADF = 9;

    private final int tid;
    private final CountedDescriptor directory;
    private final CountedDescriptor descriptors;
    private final ProgramProcess process;
    private final Handles handles;

    private Task(int tid, int directory, int descriptors, ProgramProcess process, Handles handles) {
        this.tid = tid;
        this.directory = new CountedDescriptor(directory);
        this.descriptors = new CountedDescriptor(descriptors);
        this.process = process;
        this.handles = handles;
    }

    /** A thread that exists; null when it is gone. */
    static @Nullable Task open(int tid, ProgramProcess process, Handles handles) {
        String path = "/proc/" + process.tgid() + "/task/" + tid;
        int directory = openDirectory(path);
        if (directory < 0) {
            return null;
        }
        int descriptors = openDirectory(path + "/fd");
        if (descriptors < 0) {
            LinuxFiles.close(directory);
            return null;
        }
        return new Task(tid, directory, descriptors, process, handles);
    }

    private static int openDirectory(String path) {
        return LinuxPaths.open(path, LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY | LinuxPaths.O_CLOEXEC, 0);
    }

    /** Its number. */
    public int tid() {
        return tid;
    }

    /** The process it belongs to. */
    public ProgramProcess process() {
        return process;
    }

    /** Whether it has not ended. */
    boolean alive(MemorySegment scratch) {
        return readLink(directory, CWD, scratch) > 0;
    }

    /** The working directory; empty when the thread is gone. */
    public Optional<String> workingDirectory(Call call) {
        long length = readLink(directory, CWD, call.link());
        return length > 0 ? Optional.of(text(call, length)) : Optional.empty();
    }

    /**
     * What is behind a descriptor.
     *
     * @return the length of its text in {@link Call#link}, or a negated errno: ENOENT when it is not open, EBADF when the thread is
     *     forgotten
     */
    public long link(Call call, int fd) {
        return readLink(descriptors, DescriptorLinks.of(fd), call.link());
    }

    /** Whoever handles a call of a thread that was killed may still ask when the thread is forgotten. */
    private static long readLink(CountedDescriptor from, MemorySegment name, MemorySegment target) {
        if (!from.acquire()) {
            return -EBADF;
        }
        try {
            return LinuxPaths.readlinkat(from.number(), name, target);
        } finally {
            from.release();
        }
    }

    /** What is behind a descriptor, as text. */
    public Optional<String> linkText(Call call, int fd) {
        long length = fd < 0 ? -1 : link(call, fd);
        return length > 0 ? Optional.of(text(call, length)) : Optional.empty();
    }

    /** The machine's file behind a descriptor, with a reference; null when there is none or another file. */
    public @Nullable Handle handle(Call call, int fd) {
        if (fd < 0) {
            return null;
        }
        long length = link(call, fd);
        return length > 0 ? handles.find(call.link(), length) : null;
    }

    private static String text(Call call, long length) {
        return new String(call.link().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /** Whether a descriptor goes away when another program is loaded. */
    public boolean closeOnExec(int fd) {
        return (descriptorFlags(fd) & O_CLOEXEC) != 0;
    }

    /** The flags that {@code fcntl(F_GETFL)} would tell of the real file. */
    public int statusFlags(int fd) {
        return descriptorFlags(fd) & ~O_CLOEXEC;
    }

    private int descriptorFlags(int fd) {
        try (var lines = Files.lines(Path.of("/proc/" + tid + "/fdinfo/" + fd))) {
            return lines.filter(line -> line.startsWith("flags:"))
                    .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
                    .findFirst()
                    .orElse(0);
        } catch (IOException gone) {
            return 0;
        }
    }

    void close() {
        descriptors.close();
        directory.close();
    }
}
