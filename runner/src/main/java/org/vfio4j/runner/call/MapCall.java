// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * {@code mmap} of the machine's files: the file decides, and what it allows the kernel maps. For that the program's descriptor is
 * made one of the file with the memory, which holds it at the same offset. While registers are taken away (memory decoding off, low
 * power) that file is empty, so that the program gets SIGBUS.
 */
final class MapCall {
    private static final int PAGE = 4096;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;

    private final Handles handles;
    private final Tasks tasks;
    private final Trace trace;

    MapCall(Handles handles, Tasks tasks, Trace trace) {
        this.handles = handles;
        this.tasks = tasks;
        this.trace = trace;
    }

    void mmap(Call call) {
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, call.intArgument(4));
        if (handle == null || task == null) {
            call.proceed();
            return;
        }
        try (handle) {
            map(call, task, handle);
            call.proceed();
            trace.done(call, () -> text(call, handle), 0);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> text(call, handle), refused);
        }
    }

    private static String text(Call call, Handle handle) {
        return "mmap(" + call.intArgument(4) + "<" + handle.origin().path() + ">, 0x"
                + Long.toHexString(call.argument(1)) + " bytes at 0x" + Long.toHexString(call.argument(5)) + ")";
    }

    private void map(Call call, Task task, Handle handle) {
        long length = call.argument(1);
        int protection = call.intArgument(2);
        boolean shared = (call.argument(3) & MAP_SHARED) != 0;
        long offset = call.argument(5);
        long pages = (length + PAGE - 1) & -(long) PAGE;
        if (pages <= 0 || offset < 0 || (offset & (PAGE - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "mmap of " + length + " bytes at offset 0x" + Long.toHexString(offset));
        }
        if (offset > Long.MAX_VALUE - pages) {
            throw new VfioException(Errno.EOVERFLOW, "mmap at offset 0x" + Long.toHexString(offset));
        }
        if (!handle.readable() || (shared && (protection & PROT_WRITE) != 0 && !handle.writable())) {
            throw new VfioException(Errno.EACCES, "mmap needs more access than the descriptor was opened with");
        }
        var mapping = handle.file().mmap(offset, pages, protection, shared);
        try {
            // The kernel maps the descriptor at the program's own offset, so the bytes have to lie there.
            var range = mapping.backing()
                    .filter(found -> found.offset() == offset)
                    .orElseThrow(() -> new VfioException(
                            Errno.ENODEV, "this memory cannot be shown to a program in another process"));
            int fd = call.intArgument(4);
            int result = handles.exchange(call, handle, fd, task.closeOnExec(fd), range.file());
            if (result < 0) {
                throw new VfioException(Errno.of(-result), "the program cannot be given " + range.file());
            }
        } catch (VfioException refused) {
            mapping.close();
            throw refused;
        }
        handle.keep(mapping);
    }
}
