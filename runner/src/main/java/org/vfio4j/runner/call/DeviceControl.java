// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.VfioException;

/** {@code ioctl}. */
final class DeviceControl {
    private final Tasks tasks;
    private final Trace trace;

    DeviceControl(Tasks tasks, Trace trace) {
        this.tasks = tasks;
        this.trace = trace;
    }

    void ioctl(Call call) {
        int fd = call.intArgument(0);
        Task task = tasks.probably(call);
        Handle handle = task == null ? null : task.handle(call, fd);
        if (handle == null) {
            // The number may mean another thread by now.
            task = tasks.of(call);
            handle = task == null ? null : task.handle(call, fd);
        }
        if (handle == null || task == null) {
            call.proceed(); // EBADF, or the kernel's answer for a file of its own
        } else {
            ioctl(call, task, handle);
        }
    }

    private void ioctl(Call call, Task task, Handle handle) {
        int command = call.intArgument(1);
        long argument = call.argument(2);
        try (handle) {
            long result = handle.file().ioctl(task.process(), command, argument);
            call.answer(result);
            trace.ioctlDone(call, task.process().memory(), handle, command, argument, result);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.ioctlRefused(call, task.process().memory(), handle, command, argument, refused);
        }
    }
}
