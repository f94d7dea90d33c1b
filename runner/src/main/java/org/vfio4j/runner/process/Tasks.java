// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.ffm.LinuxProcess;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The program's threads and processes, as far as they have made calls that concern the machine. Thread-safe. */
public final class Tasks implements AutoCloseable {
    /** Known threads from which on those that have ended are looked for. */
    private static final int MANY = 256;

    private final PhysicalMemory physical;
    private final Handles handles;
    private final Watch watch;
    private final ProgramEvents events;
    private final SharedFiles files;
    private final ProgramMemories memories;
    private final Map<Integer, Task> tasks = new ConcurrentHashMap<>();

    /** Guards {@link #processes}, {@link #over} and additions to {@link #tasks}. */
    private final ReentrantLock processesLock = new ReentrantLock();

    private final Map<Integer, ProgramProcess> processes = new ConcurrentHashMap<>();
    private boolean over;

    /** None yet. */
    public Tasks(PhysicalMemory physical, Handles handles, Watch watch) {
        this.physical = physical;
        this.handles = handles;
        this.watch = watch;
        this.events = new ProgramEvents(watch);
        this.files = new SharedFiles(physical);
        this.memories = new ProgramMemories(physical, handles, files, this::processOf);
    }

    /** How many files of the programs are mapped here, because devices have pages of them. */
    public int mappedFiles() {
        return files.count();
    }

    /** The thread that makes a call, or null when it has just been killed. */
    public @Nullable Task of(Call call) {
        return of(call.tid(), call.link());
    }

    /**
     * A thread of the program, or null when it has just been killed.
     *
     * @param scratch room for some text
     */
    public @Nullable Task of(int tid, MemorySegment scratch) {
        Task known = tasks.get(tid);
        if (known != null && known.alive(scratch)) {
            known.process().refresh(tid);
            return known;
        }
        return add(tid, scratch);
    }

    /**
     * The same without a look whether the number means another thread by now: the caller looks something up below the thread's
     * directory and comes back with {@link #of} when it is not found.
     */
    public @Nullable Task probably(Call call) {
        Task known = tasks.get(call.tid());
        return known == null || known.process().mayHaveChanged() ? of(call) : known;
    }

    /** The process that makes a call, if it is known. */
    public Optional<ProgramProcess> known(Call call) {
        return Optional.ofNullable(tasks.get(call.tid())).map(Task::process);
    }

    private @Nullable Task add(int tid, MemorySegment scratch) {
        var status = TaskStatus.of(tid);
        if (status.isEmpty()) {
            return null;
        }
        int tgid = status.get().tgid();
        processesLock.lock();
        try {
            if (over) {
                return null;
            }
            Task before = tasks.remove(tid);
            if (before != null) {
                before.close();
            }
            if (tasks.size() >= MANY) {
                forgetEnded(scratch);
            }
            ProgramProcess process = processes.get(tgid);
            if (process != null && !process.running()) {
                forget(process);
                process = null;
            }
            if (process == null) {
                process = start(tgid, tid, status.get().parent());
            }
            if (process == null) {
                return null;
            }
            Task task = Task.open(tid, process, handles);
            if (task == null) {
                return null;
            }
            tasks.put(tid, task);
            process.refresh(tid);
            return task;
        } finally {
            processesLock.unlock();
        }
    }

    private @Nullable ProgramProcess start(int tgid, int tid, int parent) {
        int pidfd = LinuxPidfd.open(tgid);
        if (pidfd < 0) {
            return null;
        }
        knowSharingParent(tid, parent);
        var process = new ProgramProcess(
                tgid, pidfd, memories, owner -> new ProgramFdTable(owner, this, handles, events, physical, files), tid);
        processes.put(tgid, process);
        watch.add(pidfd, () -> ended(process));
        return process;
    }

    /** A parent with the same memory has it still when the child has ended, so it counts even if it has made no call yet. */
    private void knowSharingParent(int tid, int parent) {
        if (parent <= 1 || processes.containsKey(parent) || parent == LinuxProcess.getpid()) {
            return;
        }
        if (LinuxProcess.compareMemory(tid, parent) == 0) {
            TaskStatus.of(parent).ifPresent(status -> start(parent, parent, status.parent()));
        }
    }

    private @Nullable ProgramProcess processOf(int tid) {
        Task task = tasks.get(tid);
        return task == null ? null : task.process();
    }

    private void ended(ProgramProcess process) {
        processesLock.lock();
        try {
            forget(process);
        } finally {
            processesLock.unlock();
        }
        handles.drain();
    }

    private void forget(ProgramProcess process) {
        if (processes.remove(process.tgid(), process)) {
            tasks.values().removeIf(task -> {
                if (task.process() == process) {
                    task.close();
                    return true;
                }
                return false;
            });
            watch.remove(process.pidfd());
            process.end();
        }
    }

    private void forgetEnded(MemorySegment scratch) {
        tasks.values().removeIf(task -> {
            if (!task.alive(scratch)) {
                task.close();
                return true;
            }
            return false;
        });
    }

    /** Forgets all; a call that is still handled makes nobody known any more. */
    @Override
    public void close() {
        processesLock.lock();
        try {
            over = true;
            processes.values().forEach(this::forget);
        } finally {
            processesLock.unlock();
        }
        events.close();
    }
}
