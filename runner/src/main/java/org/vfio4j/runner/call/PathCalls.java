// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.LateWrites;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.path.FileStatus;
import org.vfio4j.runner.path.NamedPath;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.Credentials;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Questions about paths: {@code stat}, {@code access}, {@code readlink} and their relatives. */
final class PathCalls {
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int W_OK = 2;
    private static final int X_OK = 1;
    private static final int ANY_WRITE = 0222;

    private final TreeView view;
    private final NodeChanges changes;
    private final NamedPath paths;
    private final Tasks tasks;
    private final Handles handles;
    private final LateWrites lateWrites;
    private final OpenCalls opens;
    private final Trace trace;

    PathCalls(
            TreeView view,
            NodeChanges changes,
            NamedPath paths,
            Tasks tasks,
            Handles handles,
            LateWrites lateWrites,
            OpenCalls opens,
            Trace trace) {
        this.view = view;
        this.changes = changes;
        this.paths = paths;
        this.tasks = tasks;
        this.handles = handles;
        this.lateWrites = lateWrites;
        this.opens = opens;
        this.trace = trace;
    }

    /** {@code stat} and {@code lstat}. */
    void stat(Call call, boolean follow) {
        status(call, "stat", AT_FDCWD, call.argument(0), follow ? 0 : AT_SYMLINK_NOFOLLOW, call.argument(1), false);
    }

    void newfstatat(Call call) {
        status(call, "stat", call.intArgument(0), call.argument(1), call.intArgument(3), call.argument(2), false);
    }

    void statx(Call call) {
        status(call, "statx", call.intArgument(0), call.argument(1), call.intArgument(2), call.argument(4), true);
    }

    /** {@code fstat}. */
    void fstat(Call call) {
        descriptorStatus(call, call.intArgument(0), call.argument(1), false);
    }

    private void status(Call call, String name, int directory, long address, int flags, long target, boolean extended) {
        if ((flags & AT_EMPTY_PATH) != 0 && call.readString(address) == 0) {
            descriptorStatus(call, directory, target, extended);
            return;
        }
        ask(call, name, directory, address, (flags & AT_SYMLINK_NOFOLLOW) == 0, (path, node) -> {
            write(call, changes.status(node, path, asker(call)), target, extended);
            return 0;
        });
    }

    private void descriptorStatus(Call call, int fd, long target, boolean extended) {
        var task = tasks.of(call);
        Handle handle = task == null ? null : task.handle(call, fd);
        if (handle == null) {
            call.proceed();
            return;
        }
        try (handle) {
            var origin = handle.origin();
            if (origin.node().isPresent()) {
                write(call, changes.status(origin.node().get(), origin.path(), asker(call)), target, extended);
            } else if (origin.isMade()) {
                write(call, FileStatus.ofMade(origin.path(), asker(call)), target, extended);
            } else {
                call.proceed();
                return;
            }
            call.answer(0);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
        }
    }

    /** Who owns what the machine shows: whoever runs the program. */
    private Credentials asker(Call call) {
        var task = tasks.of(call);
        return task == null ? Credentials.ROOT : task.process().credentials();
    }

    private static void write(Call call, FileStatus status, long target, boolean extended) {
        MemorySegment struct = call.bounce();
        int size;
        if (extended) {
            status.writeStatx(struct);
            size = FileStatus.STATX_SIZE;
        } else {
            status.writeStat(struct);
            size = FileStatus.STAT_SIZE;
        }
        copyOut(call, target, struct.asSlice(0, size));
    }

    private static void copyOut(Call call, long target, MemorySegment bytes) {
        if (LinuxRemoteMemory.write(call.tid(), target, bytes) != bytes.byteSize()) {
            throw new VfioException(Errno.EFAULT, "nothing can be written to 0x" + Long.toHexString(target));
        }
    }

    void access(Call call, int directory, long address, int mode) {
        ask(call, "access", directory, address, true, (path, node) -> {
            boolean executable = node instanceof VirtualTree.Directory;
            if ((mode & X_OK) != 0 && !executable) {
                throw new VfioException(Errno.EACCES, path + " is no program");
            }
            if ((mode & W_OK) != 0
                    && node instanceof VirtualTree.Attribute
                    && (changes.status(node, path, asker(call)).mode() & ANY_WRITE) == 0) {
                throw new VfioException(Errno.EACCES, path + " cannot be written");
            }
            return 0;
        });
    }

    void readlink(Call call, int directory, long address, long target, long size) {
        ask(call, "readlink", directory, address, false, (path, node) -> {
            if (!(node instanceof VirtualTree.Link link)) {
                throw new VfioException(Errno.EINVAL, path + " is no link");
            }
            return text(call, link.target(), target, size);
        });
    }

    private static long text(Call call, String text, long target, long size) {
        if (size <= 0) {
            throw new VfioException(Errno.EINVAL, "no room for a link's text");
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = (int) Math.min(bytes.length, size);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, call.bounce(), 0, length);
        copyOut(call, target, call.bounce().asSlice(0, length));
        return length;
    }

    private interface Question {
        long answer(String path, VirtualTree.Node node);
    }

    private void ask(Call call, String name, int directory, long address, boolean follow, Question question) {
        String path = paths.read(call, directory, address);
        if (path == null) {
            call.proceed();
            return;
        }
        try {
            var descriptor = NamedPath.descriptor(path);
            if (descriptor.isPresent()) {
                if (!askDescriptor(call, descriptor.get(), name, question)) {
                    call.proceed();
                }
                return;
            }
            handles.drain();
            lateWrites.await();
            var place = view.walk(call, path, follow);
            if (!place.ours()) {
                call.proceed();
                return;
            }
            long answer = question.answer(
                    place.path(),
                    place.node().orElseThrow(() -> new VfioException(Errno.ENOENT, "the machine has no " + path)));
            call.answer(answer);
            trace.done(call, () -> name + "(\"" + path + "\")", answer);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.answered(call, () -> name + "(\"" + path + "\")", refused);
        }
    }

    /** Of {@code /proc/self/fd/N}; whether it was answered. */
    private boolean askDescriptor(Call call, NamedPath.DescriptorPath descriptor, String name, Question question) {
        @Nullable Handle handle = descriptor.info() ? null : opens.find(call, descriptor);
        if (handle == null) {
            return false;
        }
        try (handle) {
            if (name.equals("readlink")) {
                call.answer(text(
                        call,
                        handle.origin().path(),
                        call.argument(call.number() == 89 ? 1 : 2),
                        call.argument(call.number() == 89 ? 2 : 3)));
                return true;
            }
            var node = handle.origin().node();
            node.ifPresent(found -> call.answer(question.answer(handle.origin().path(), found)));
            return node.isPresent();
        }
    }
}
