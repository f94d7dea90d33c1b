// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxPidfd;
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
    private final Map<Integer, Task> tasks = new ConcurrentHashMap<>();

    /** Guards {@link #processes} and additions to {@link #tasks}. */
    private final ReentrantLock processesLock = new ReentrantLock();

    private final Map<Integer, ProgramProcess> processes = new ConcurrentHashMap<>();

    /** None yet. */
    public Tasks(PhysicalMemory physical, Handles handles, Watch watch) {
        this.physical = physical;
        this.handles = handles;
        this.watch = watch;
        this.events = new ProgramEvents(watch);
    }

    /** The thread that makes a call, or null when it has just been killed. */
    public @Nullable Task of(Call call) {
        Task known = tasks.get(call.tid());
        if (known != null && known.alive(call.link())) {
            known.process().refresh(call.tid());
            return known;
        }
        return add(call);
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

    private @Nullable Task add(Call call) {
        int tid = call.tid();
        var status = TaskStatus.of(tid);
        if (status.isEmpty()) {
            return null;
        }
        int tgid = status.get().tgid();
        processesLock.lock();
        try {
            Task before = tasks.remove(tid);
            if (before != null) {
                before.close();
            }
            if (tasks.size() >= MANY) {
                forgetEnded(call);
            }
            ProgramProcess process = processes.get(tgid);
            if (process != null && !process.running()) {
                forget(process);
                process = null;
            }
            if (process == null) {
                process = start(tgid, tid);
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

    private @Nullable ProgramProcess start(int tgid, int tid) {
        int pidfd = LinuxPidfd.open(tgid);
        if (pidfd < 0) {
            return null;
        }
        var process = new ProgramProcess(
                tgid,
                pidfd,
                current -> new ProgramMemory(tgid, current, physical, handles),
                this,
                handles,
                events,
                tid);
        processes.put(tgid, process);
        watch.add(pidfd, () -> ended(process));
        return process;
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

    private void forgetEnded(Call call) {
        tasks.values().removeIf(task -> {
            if (!task.alive(call.link())) {
                task.close();
                return true;
            }
            return false;
        });
    }

    /** Forgets all. */
    @Override
    public void close() {
        processesLock.lock();
        try {
            processes.values().forEach(this::forget);
        } finally {
            processesLock.unlock();
        }
        events.close();
    }
}
