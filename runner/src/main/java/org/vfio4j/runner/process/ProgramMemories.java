// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxProcess;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * The memory of each process: one object for all processes that have the same (kernel: {@code mm_struct} and its users), as after
 * {@code vfork} until the child loads another program, or after {@code clone} with {@code CLONE_VM}. On kernels that cannot tell
 * (without {@code kcmp}) each process counts as having its own. Thread-safe.
 */
final class ProgramMemories {
    private final PhysicalMemory physical;
    private final Handles handles;
    private final SharedFiles files;
    private final IntFunction<@Nullable ProgramProcess> processes;

    /** Guards {@link #members}. Taken below a process' own lock; that of a memory nests in it. */
    private final ReentrantLock membersLock = new ReentrantLock();

    private final List<Member> members = new ArrayList<>();

    /**
     * None yet.
     *
     * @param processes the process of a thread, if it is known
     */
    ProgramMemories(
            PhysicalMemory physical,
            Handles handles,
            SharedFiles files,
            IntFunction<@Nullable ProgramProcess> processes) {
        this.physical = physical;
        this.handles = handles;
        this.files = files;
        this.processes = processes;
    }

    /** A process that has a memory, and a thread of it. */
    private record Member(ProgramProcess process, int tid, ProgramMemory memory) {
        boolean sharesWith(int other) {
            return LinuxProcess.compareMemory(tid, other) == 0
                    || (tid != process.tgid() && LinuxProcess.compareMemory(process.tgid(), other) == 0);
        }
    }

    /**
     * The memory a process has now, of which it becomes a user.
     *
     * @param tid a thread of it
     */
    ProgramMemory join(ProgramProcess process, int tid) {
        membersLock.lock();
        try {
            ProgramMemory memory = members.stream()
                    .filter(member -> member.sharesWith(tid))
                    .map(Member::memory)
                    .findFirst()
                    .orElseGet(() -> new ProgramMemory(tid, physical, handles, files, this::readerOf, processes));
            members.add(new Member(process, tid, memory));
            return memory;
        } finally {
            membersLock.unlock();
        }
    }

    /** A process does not have its memory any more; the last user of one ends it. */
    void leave(ProgramProcess process) {
        membersLock.lock();
        try {
            for (Member member : List.copyOf(members)) {
                if (member.process == process) {
                    members.remove(member);
                    if (members.stream().noneMatch(other -> other.memory == member.memory)) {
                        member.memory.end();
                    }
                }
            }
        } finally {
            membersLock.unlock();
        }
    }

    /** A process and a thread that have a memory; null when there is none any more. */
    private @Nullable Reader readerOf(ProgramMemory memory) {
        membersLock.lock();
        try {
            for (Member member : members) {
                if (member.memory == memory && member.process.running()) {
                    return new Reader(member.process.tgid(), member.tid);
                }
            }
            return null;
        } finally {
            membersLock.unlock();
        }
    }

    /**
     * Through whom memory can be read.
     *
     * @param tgid a process
     * @param tid a thread of it
     */
    record Reader(int tgid, int tid) {}
}
