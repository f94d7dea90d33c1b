// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import static org.vfio4j.runner.notify.SystemCallNumber.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.CallHandler;
import org.vfio4j.runner.path.NamedPath;
import org.vfio4j.runner.path.NodeChange;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** {@code chmod}, {@code chown}, {@code utimensat} and their relatives: by path, and of what a descriptor leads to. */
final class ChangeCalls {
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final long UTIME_NOW = (1 << 30) - 1;
    private static final long UTIME_OMIT = (1 << 30) - 2;
    private static final long MICROSECOND = 1000;

    private final TreeView view;
    private final NodeChanges changes;
    private final NamedPath paths;
    private final Tasks tasks;
    private final Trace trace;

    ChangeCalls(TreeView view, NodeChanges changes, NamedPath paths, Tasks tasks, Trace trace) {
        this.view = view;
        this.changes = changes;
        this.paths = paths;
        this.tasks = tasks;
        this.trace = trace;
    }

    void register(@Nullable CallHandler[] handlers) {
        handlers[CHMOD] = call -> path(call, AT_FDCWD, 0, 0, () -> NodeChange.ofMode(call.intArgument(1)));
        handlers[FCHMOD] = call -> descriptor(call, () -> NodeChange.ofMode(call.intArgument(1)));
        handlers[FCHMODAT] =
                call -> path(call, call.intArgument(0), 1, 0, () -> NodeChange.ofMode(call.intArgument(2)));
        handlers[FCHMODAT2] = call ->
                path(call, call.intArgument(0), 1, call.intArgument(3), () -> NodeChange.ofMode(call.intArgument(2)));
        handlers[CHOWN] = call -> path(call, AT_FDCWD, 0, 0, () -> owner(call, 1));
        handlers[LCHOWN] = call -> path(call, AT_FDCWD, 0, AT_SYMLINK_NOFOLLOW, () -> owner(call, 1));
        handlers[FCHOWN] = call -> descriptor(call, () -> owner(call, 1));
        handlers[FCHOWNAT] = call -> path(call, call.intArgument(0), 1, call.intArgument(4), () -> owner(call, 2));
        handlers[UTIME] = call -> path(call, AT_FDCWD, 0, 0, () -> times(call, 1, Unit.SECONDS));
        handlers[UTIMES] = call -> path(call, AT_FDCWD, 0, 0, () -> times(call, 1, Unit.MICROSECONDS));
        handlers[FUTIMESAT] = call -> path(call, call.intArgument(0), 1, 0, () -> times(call, 2, Unit.MICROSECONDS));
        handlers[UTIMENSAT] =
                call -> path(call, call.intArgument(0), 1, call.intArgument(3), () -> times(call, 2, Unit.NANOSECONDS));
    }

    private static NodeChange owner(Call call, int at) {
        return NodeChange.ofOwner(call.intArgument(at), call.intArgument(at + 1));
    }

    /** How the calls write two times. */
    private enum Unit {
        /** {@code struct utimbuf}. */
        SECONDS(16),
        /** {@code struct timeval[2]}. */
        MICROSECONDS(32),
        /** {@code struct timespec[2]}. */
        NANOSECONDS(32);

        private final int size;

        Unit(int size) {
            this.size = size;
        }
    }

    private NodeChange times(Call call, int at, Unit unit) {
        long address = call.argument(at);
        if (address == 0) {
            long now = changes.now();
            return NodeChange.ofTimes(now, now);
        }
        MemorySegment struct = call.bounce().asSlice(0, unit.size);
        if (LinuxRemoteMemory.read(call.tid(), address, struct) != unit.size) {
            throw new VfioException(Errno.EFAULT, "no times can be read at 0x" + Long.toHexString(address));
        }
        int half = unit.size / 2;
        return NodeChange.ofTimes(time(struct.asSlice(0, half), unit), time(struct.asSlice(half), unit));
    }

    private long time(MemorySegment struct, Unit unit) {
        long seconds = TimeUnit.SECONDS.toNanos(struct.get(ValueLayout.JAVA_LONG, 0));
        if (unit == Unit.SECONDS) {
            return seconds;
        }
        long part = struct.get(ValueLayout.JAVA_LONG, Long.BYTES);
        if (unit == Unit.NANOSECONDS && part == UTIME_NOW) {
            return changes.now();
        }
        if (unit == Unit.NANOSECONDS && part == UTIME_OMIT) {
            return NodeChange.SAME_TIME;
        }
        long most = unit == Unit.NANOSECONDS ? TimeUnit.SECONDS.toNanos(1) : TimeUnit.SECONDS.toMicros(1);
        if (part < 0 || part >= most) {
            throw new VfioException(Errno.EINVAL, "a second has no part " + part);
        }
        return seconds + (unit == Unit.NANOSECONDS ? part : part * MICROSECOND);
    }

    private void path(Call call, int directory, int argument, int flags, Supplier<NodeChange> change) {
        long address = call.argument(argument);
        boolean withoutPath = address == 0 && (call.number() == UTIMENSAT || call.number() == FUTIMESAT);
        if (withoutPath || ((flags & AT_EMPTY_PATH) != 0 && call.readString(address) == 0)) {
            descriptor(call, change);
            return;
        }
        String path = view.isMounted() ? null : paths.read(call, directory, address);
        if (path == null) {
            call.proceed();
            return;
        }
        try {
            var place = view.walk(call, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
            if (!place.ours()) {
                call.proceed();
                return;
            }
            if (place.node().isEmpty()) {
                throw new VfioException(Errno.ENOENT, "the machine has no " + path);
            }
            apply(call, place.path(), change.get());
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> "change of \"" + path + "\"", refused);
        }
    }

    /** The first argument is the descriptor. */
    private void descriptor(Call call, Supplier<NodeChange> change) {
        Task task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, call.intArgument(0));
        if (handle == null) {
            call.proceed();
            return;
        }
        try (handle) {
            var origin = handle.origin();
            if (origin.node().isEmpty()) {
                throw new VfioException(Errno.EOPNOTSUPP, origin.path() + " has no place in the tree");
            }
            apply(call, origin.path(), change.get());
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> "change of descriptor " + call.intArgument(0), refused);
        }
    }

    private void apply(Call call, String path, NodeChange change) {
        Task task = tasks.of(call);
        if (task == null) {
            throw new VfioException(Errno.ESRCH, "the thread has ended");
        }
        changes.change(path, task.process().credentials(), change);
        call.answer(0);
        trace.done(call, () -> change.text(path), 0);
    }
}
