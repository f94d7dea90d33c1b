// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.vfio4j.ffm.CountedDescriptor;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.ffm.LinuxPoll;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;

/** A process of the program, from its start to its end; {@code exec} changes its memory only. Thread-safe. */
public final class ProgramProcess implements Caller {
    private static final int ESRCH = 3;
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_IPC_LOCK = 14;
    private static final int CAP_SYS_RAWIO = 17;
    private static final int CAP_SYS_RESOURCE = 24;

    private final int tgid;
    private final CountedDescriptor pidfd;
    private final ProgramMemories memories;
    private final ProgramFdTable files;

    /** Guards the exchange of {@link #memory}, {@link #execing} and {@link #mark}. */
    private final ReentrantLock memoryLock = new ReentrantLock();

    /** Threads that were about to load another program when they were last heard of. */
    private final Set<Integer> execing = new HashSet<>();

    /** Of the memory there was then. */
    private MemoryMark mark = MemoryMark.NONE;

    private volatile ProgramMemory memory;
    private volatile boolean mayHaveChanged;

    ProgramProcess(
            int tgid, int pidfd, ProgramMemories memories, Function<ProgramProcess, ProgramFdTable> files, int tid) {
        this.tgid = tgid;
        this.pidfd = new CountedDescriptor(pidfd);
        this.memories = memories;
        this.files = files.apply(this);
        this.memory = memories.join(this, tid);
    }

    /** Its number. */
    public int tgid() {
        return tgid;
    }

    /** Descriptor of the process here, good until {@link #end}. */
    int pidfd() {
        return pidfd.number();
    }

    /**
     * Opens, in this JVM, a file that the process has open.
     *
     * @return the descriptor here, or a negated errno ({@code EBADF}, {@code EPERM}, {@code ESRCH})
     */
    public int share(int fd) {
        if (!pidfd.acquire()) {
            return -ESRCH;
        }
        try {
            return LinuxPidfd.getfd(pidfd.number(), fd);
        } finally {
            pidfd.release();
        }
    }

    /** Whether it has not ended. */
    boolean running() {
        if (!pidfd.acquire()) {
            return false;
        }
        try (var arena = Arena.ofConfined()) {
            var polled = arena.allocate(LinuxPoll.POLLFD_SIZE, Integer.BYTES);
            polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, pidfd.number());
            polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
            return LinuxPoll.poll(polled, 0) == 0;
        } finally {
            pidfd.release();
        }
    }

    /** A thread is about to load another program, or to fail to. */
    public void execs(int tid) {
        memoryLock.lock();
        try {
            if (execing.isEmpty()) {
                mark = MemoryMark.of(tid);
            }
            execing.add(tid);
            mayHaveChanged = true;
        } finally {
            memoryLock.unlock();
        }
    }

    boolean mayHaveChanged() {
        return mayHaveChanged;
    }

    /** Notices another program that was loaded since the last call. */
    void refresh(int tid) {
        if (!mayHaveChanged) {
            return;
        }
        memoryLock.lock();
        try {
            if (!memory.isCurrent() || !MemoryMark.of(tid).matches(mark)) {
                memories.leave(this);
                memory = memories.join(this, tid);
                execing.clear();
            } else {
                // A thread that makes another call did not succeed. Of the others nobody knows yet.
                execing.remove(tid);
            }
            mayHaveChanged = !execing.isEmpty();
        } finally {
            memoryLock.unlock();
        }
    }

    /** It has ended. */
    void end() {
        memories.leave(this);
        pidfd.close();
    }

    @Override
    public ProgramMemory memory() {
        return memory;
    }

    @Override
    public FdTable files() {
        return files;
    }

    /** Its descriptors. */
    public ProgramFdTable descriptors() {
        return files;
    }

    /** The thread whose credentials count. */
    private int asking() {
        return Call.isHandling() ? Call.current().tid() : tgid;
    }

    @Override
    public boolean capable(Capability capability) {
        int bit = switch (capability) {
            case IPC_LOCK -> CAP_IPC_LOCK;
            case SYS_RAWIO -> CAP_SYS_RAWIO;
            case SYS_RESOURCE -> CAP_SYS_RESOURCE;
            case NET_ADMIN -> CAP_NET_ADMIN;
        };
        return (TaskStatus.capabilities(asking()) >>> bit & 1) != 0;
    }

    @Override
    public long memlockLimit() {
        return ProcessLimit.LOCKED_MEMORY.of(tgid);
    }

    /** Who it is when it uses files. */
    public Credentials credentials() {
        return TaskStatus.of(asking()).map(TaskStatus::credentials).orElse(Credentials.ROOT);
    }

    @Override
    public int uid() {
        return TaskStatus.of(asking()).map(TaskStatus::uid).orElse(0);
    }
}
