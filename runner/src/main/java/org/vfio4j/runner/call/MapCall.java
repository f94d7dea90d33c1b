// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * {@code mmap} of the machine's files: the file decides, and what it allows the kernel maps, since the real file that stands for it
 * holds the same bytes at the same offsets.
 */
final class MapCall {
    private static final int PAGE = 4096;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;

    private final Tasks tasks;
    private final Trace trace;

    MapCall(Tasks tasks, Trace trace) {
        this.tasks = tasks;
        this.trace = trace;
    }

    void mmap(Call call) {
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, call.intArgument(4));
        if (handle == null) {
            call.proceed();
            return;
        }
        try (handle) {
            map(handle, call.argument(1), call.intArgument(2), (call.argument(3) & MAP_SHARED) != 0, call.argument(5));
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

    private static void map(Handle handle, long length, int protection, boolean shared, long offset) {
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
        if (handle.file().mapFile().isEmpty()) {
            mapping.close();
            throw new VfioException(Errno.ENODEV, "this memory cannot be shown to a program in another process");
        }
        handle.keep(mapping);
    }
}
