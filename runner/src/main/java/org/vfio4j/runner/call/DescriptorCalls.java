// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.runner.file.AttributeFile;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Origin;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.InterestingCalls;
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
                }
            }
            case F_GETFL -> flags(call);
            default -> call.proceed();
        }
    }

    /** A file that a call made has no {@code O_LARGEFILE}, unlike the real file that stands for it. */
    private void flags(Call call) {
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, call.intArgument(0));
        if (handle == null) {
            call.proceed();
            return;
        }
        try (handle) {
            if (handle.origin() == Origin.MADE) {
                call.answer(handle.flags());
            } else {
                call.proceed();
            }
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
                int ours = LinuxPidfd.getfd(task.process().pidfd(), fd);
                int result = ours < 0 ? ours : call.addFd(ours, number, closeOnExec, false);
                if (ours >= 0) {
                    LinuxFiles.close(ours);
                }
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
