// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import static org.vfio4j.runner.notify.SystemCallNumber.*;

import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.LateWrites;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.CallHandler;
import org.vfio4j.runner.path.NamedPath;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.path.RealLinks;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;

/** Who decides which system call. */
public final class CallTable implements CallHandler {
    private static final int AT_FDCWD = -100;

    private final @Nullable CallHandler[] handlers = new @Nullable CallHandler[END];
    private final Handles handles;
    private final LateWrites lateWrites;

    /** Handlers of all calls that are looked at. */
    public CallTable(
            TreeView view, NodeChanges changes, Handles handles, LateWrites lateWrites, Tasks tasks, Trace trace) {
        this.handles = handles;
        this.lateWrites = lateWrites;
        var paths = new NamedPath(new RealLinks(handles));
        var opens = new OpenCalls(view, paths, handles, tasks, trace);
        var questions = new PathCalls(view, changes, paths, tasks, handles, lateWrites, opens, trace);
        var transfers = new TransferCalls(tasks, trace);
        var descriptors = new DescriptorCalls(tasks, trace);
        var control = new DeviceControl(tasks, trace);
        var maps = new MapCall(handles, tasks, trace);

        onFiles(IOCTL, control::ioctl);
        onFiles(OPEN, call -> opens.open(call, AT_FDCWD, call.argument(0), call.intArgument(1)));
        onFiles(CREAT, call -> opens.open(call, AT_FDCWD, call.argument(0), OpenCalls.CREATING));
        onFiles(OPENAT, call -> opens.open(call, call.intArgument(0), call.argument(1), call.intArgument(2)));
        onFiles(OPENAT2, call -> {
            // struct open_how starts with 64 bits of flags.
            var how = call.bounce().asSlice(0, Long.BYTES);
            if (LinuxRemoteMemory.read(call.tid(), call.argument(2), how) != Long.BYTES) {
                call.proceed();
                return;
            }
            opens.open(call, call.intArgument(0), call.argument(1), (int) how.get(ValueLayout.JAVA_LONG, 0));
        });
        handlers[STAT] = call -> questions.stat(call, true);
        handlers[LSTAT] = call -> questions.stat(call, false);
        handlers[NEWFSTATAT] = questions::newfstatat;
        handlers[STATX] = questions::statx;
        handlers[FSTAT] = questions::fstat;
        handlers[ACCESS] = call -> questions.access(call, AT_FDCWD, call.argument(0), call.intArgument(1));
        handlers[FACCESSAT] =
                call -> questions.access(call, call.intArgument(0), call.argument(1), call.intArgument(2));
        handlers[FACCESSAT2] = handlers[FACCESSAT];
        new ChangeCalls(view, changes, paths, tasks, trace).register(handlers);
        new EntryCalls(view, paths, trace).register(handlers);
        handlers[READLINK] =
                call -> questions.readlink(call, AT_FDCWD, call.argument(0), call.argument(1), call.argument(2));
        handlers[READLINKAT] = call ->
                questions.readlink(call, call.intArgument(0), call.argument(1), call.argument(2), call.argument(3));
        onFiles(READ, call -> transfers.plain(call, false));
        onFiles(WRITE, call -> transfers.plain(call, true));
        onFiles(PREAD64, call -> transfers.positional(call, false));
        onFiles(PWRITE64, call -> transfers.positional(call, true));
        onFiles(READV, call -> transfers.vector(call, false, false));
        onFiles(WRITEV, call -> transfers.vector(call, true, false));
        onFiles(PREADV, call -> transfers.vector(call, false, true));
        onFiles(PWRITEV, call -> transfers.vector(call, true, true));
        handlers[GETDENTS64] = new ListCalls(view, tasks)::getdents;
        handlers[LSEEK] = transfers::seek;
        handlers[DUP] = descriptors::dup;
        handlers[DUP2] = descriptors::dupTo;
        handlers[DUP3] = descriptors::dupTo;
        handlers[FCNTL] = descriptors::fcntl;
        handlers[MMAP] = maps::mmap;
        CallHandler exec = call -> {
            tasks.known(call).ifPresent(process -> process.execs(call.tid()));
            call.proceed();
        };
        handlers[EXECVE] = exec;
        handlers[EXECVEAT] = exec;
    }

    /** A call whose answer may depend on what was closed before. */
    private void onFiles(int number, CallHandler handler) {
        handlers[number] = call -> {
            handles.drain();
            lateWrites.await();
            handler.handle(call);
        };
    }

    @Override
    public void handle(Call call) {
        CallHandler handler = call.number() < END ? handlers[call.number()] : null;
        if (handler == null) {
            call.proceed();
        } else {
            handler.handle(call);
        }
    }
}
