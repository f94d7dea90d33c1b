// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.runner.file.AttributeFile;
import org.vfio4j.runner.file.FilledFile;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Origin;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.InterestingCalls;
import org.vfio4j.runner.process.ProgramProcess;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Copies of descriptors, which shall stay in the range where reads and writes are seen, and their flags. */
final class DescriptorCalls {
    private static final int F_DUPFD = 0;
    private static final int F_GETFL = 3;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int O_ACCMODE = 3;
    private static final int O_LARGEFILE = 0x8000;

    private final Tasks tasks;
    private final Trace trace;

    DescriptorCalls(Tasks tasks, Trace trace) {
        this.tasks = tasks;
        this.trace = trace;
    }

    void dup(Call call) {
        copy(call, false);
    }

    void fcntl(Call call) {
        switch (call.intArgument(1)) {
            case F_DUPFD, F_DUPFD_CLOEXEC -> {
                if (call.argument(2) <= InterestingCalls.FIRST_DESCRIPTOR) {
                    copy(call, call.intArgument(1) == F_DUPFD_CLOEXEC);
                } else {
                    call.proceed();
                    if (trace.isOn() && call.argument(2) >= InterestingCalls.END_DESCRIPTOR) {
                        tellMove(call, call.intArgument(2));
                    }
                }
            }
            case F_GETFL -> flags(call);
            default -> call.proceed();
        }
    }

    /**
     * {@code dup2} and {@code dup3}: the number is the program's choice. Outside of the range plain reads and writes are not seen; the
     * kernel refuses them, and here it is told why.
     */
    void dupTo(Call call) {
        call.proceed();
        if (trace.isOn()) {
            tellMove(call, call.intArgument(1));
        }
    }

    private void tellMove(Call call, int to) {
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, call.intArgument(0));
        if (handle == null) {
            return;
        }
        try (handle) {
            boolean seen = to >= InterestingCalls.FIRST_DESCRIPTOR && to < InterestingCalls.END_DESCRIPTOR;
            if (!seen && !(handle.file() instanceof FilledFile)) {
                trace.note(
                        call,
                        "dup(" + call.intArgument(0) + "<" + handle.origin().path() + ">) to " + to
                                + ": plain read and write of " + to + " will be EBADF, only descriptors "
                                + InterestingCalls.FIRST_DESCRIPTOR + " to " + (InterestingCalls.END_DESCRIPTOR - 1)
                                + " are watched for them");
            }
        }
    }

    /** The real file that stands for the machine's has another access mode; one that a call made has no {@code O_LARGEFILE}. */
    private void flags(Call call) {
        int fd = call.intArgument(0);
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, fd);
        if (handle == null || task == null) {
            call.proceed();
            return;
        }
        try (handle) {
            int real = task.statusFlags(fd) & ~O_ACCMODE;
            call.answer(handle.flags() & O_ACCMODE | (handle.origin() == Origin.MADE ? real & ~O_LARGEFILE : real));
        }
    }

    private static int copy(Call call, ProgramProcess process, int fd, int number, boolean closeOnExec) {
        StartGate.shared().lock();
        try {
            int ours = process.share(fd);
            if (ours < 0) {
                return ours;
            }
            int result = call.addFd(ours, number, closeOnExec, false);
            LinuxFiles.close(ours);
            return result;
        } finally {
            StartGate.shared().unlock();
        }
    }

    private void copy(Call call, boolean closeOnExec) {
        int fd = call.intArgument(0);
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, fd);
        if (handle == null || task == null) {
            call.proceed();
            return;
        }
        try (handle) {
            // Shells move attributes to low numbers on purpose; their writes are found without being seen.
            if (handle.file() instanceof AttributeFile) {
                call.proceed();
                return;
            }
            var descriptors = task.process().descriptors();
            int number = descriptors.reserve();
            try {
                int result = copy(call, task.process(), fd, number, closeOnExec);
                if (result < 0) {
                    throw new VfioException(Errno.of(-result), "the descriptor cannot be copied");
                }
                call.answer(result);
                trace.done(call, () -> "dup(" + fd + "<" + handle.origin().path() + ">)", result);
            } finally {
                descriptors.cancel(number);
            }
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> "dup(" + fd + ")", refused);
        }
    }
}
