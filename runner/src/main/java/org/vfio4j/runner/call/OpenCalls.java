// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.runner.file.AttributeFile;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.ListingFile;
import org.vfio4j.runner.file.Origin;
import org.vfio4j.runner.file.TextFile;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.path.NamedPath;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.ProcLinks;
import org.vfio4j.runner.process.ProgramProcess;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** {@code open} and its relatives. */
final class OpenCalls {
    private static final int O_ACCMODE = 3;
    private static final int O_WRONLY = 1;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_TRUNC = 0x200;
    private static final int O_DIRECTORY = 0x10000;
    private static final int O_NOFOLLOW = 0x20000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int O_PATH = 0x200000;
    /** What {@code creat} means. */
    static final int CREATING = O_CREAT | O_WRONLY | O_TRUNC;

    private static final int ANY_READ = 0444;
    private static final int ANY_WRITE = 0222;

    private final TreeView view;
    private final NamedPath paths;
    private final Handles handles;
    private final Tasks tasks;
    private final Trace trace;

    OpenCalls(TreeView view, NamedPath paths, Handles handles, Tasks tasks, Trace trace) {
        this.view = view;
        this.paths = paths;
        this.handles = handles;
        this.tasks = tasks;
        this.trace = trace;
    }

    void open(Call call, int directory, long address, int flags) {
        String path = paths.read(call, directory, address);
        if (path == null) {
            call.proceed();
            return;
        }
        try {
            var descriptor = NamedPath.descriptor(path);
            if (descriptor.isPresent() && reopen(call, path, descriptor.get(), flags)) {
                return;
            }
            var place = view.walk(call, path, (flags & O_NOFOLLOW) == 0);
            if (!place.ours() || (view.isMounted() && isKernels(place, flags))) {
                call.proceed();
                return;
            }
            int fd = open(call, place, path, flags);
            finish(call, path, flags, fd);
        } catch (VfioException refused) {
            call.refuse(refused.errno());
            trace.refused(call, () -> "open(\"" + path + "\", " + Trace.openFlags(flags) + ")", refused);
        }
    }

    /** Where the tree is mounted: what opens no device, and what the file system refuses in its own words. */
    private static boolean isKernels(TreeView.Place place, int flags) {
        return (flags & O_PATH) != 0 || (place.node().isEmpty() && (flags & O_CREAT) != 0);
    }

    private void finish(Call call, String path, int flags, int fd) {
        if (fd < 0) {
            throw new VfioException(Errno.of(-fd), "the program cannot be given a descriptor");
        }
        call.answer(fd);
        trace.done(call, () -> "open(\"" + path + "\", " + Trace.openFlags(flags) + ")", fd);
    }

    private int open(Call call, TreeView.Place place, String path, int flags) {
        if (place.node().isEmpty()) {
            throw (flags & O_CREAT) != 0
                    ? new VfioException(Errno.EACCES, "nothing can be made at " + path)
                    : new VfioException(Errno.ENOENT, "the machine has no " + path);
        }
        if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
            throw new VfioException(Errno.EEXIST, path + " is there");
        }
        VirtualTree.Node node = place.node().get();
        if ((flags & O_DIRECTORY) != 0 && !(node instanceof VirtualTree.Directory)) {
            throw new VfioException(Errno.ENOTDIR, path + " is no directory");
        }
        ProgramProcess process = task(call).process();
        return switch (node) {
            case VirtualTree.Directory directory -> {
                if ((flags & O_ACCMODE) != 0 || (flags & O_CREAT) != 0) {
                    throw new VfioException(Errno.EISDIR, path + " is a directory");
                }
                yield handles.openFolder(
                        call, new ListingFile(view.tree(), place.path(), directory), (flags & O_CLOEXEC) != 0);
            }
            case VirtualTree.Link link -> throw new VfioException(Errno.ELOOP, path + " is a link");
            case VirtualTree.Attribute attribute ->
                install(process, node, place.path(), flags, () -> openAttribute(attribute, process, path, flags));
            case VirtualTree.Device device -> install(process, node, place.path(), flags, () -> device.open(process));
        };
    }

    private static UapiFile openAttribute(
            VirtualTree.Attribute attribute, ProgramProcess process, String path, int flags) {
        int access = flags & O_ACCMODE;
        boolean read = access != O_WRONLY;
        if ((read && (attribute.mode() & ANY_READ) == 0) || (access != 0 && (attribute.mode() & ANY_WRITE) == 0)) {
            throw new VfioException(Errno.EACCES, path + " has mode " + Integer.toOctalString(attribute.mode()));
        }
        return new AttributeFile(attribute, process, read);
    }

    private interface Opening {
        UapiFile open();
    }

    private static int install(ProgramProcess process, VirtualTree.Node node, String path, int flags, Opening opening) {
        // As in the kernel a full table is found before the file is opened.
        int fd = process.descriptors().reserve();
        UapiFile file;
        try {
            file = opening.open();
        } catch (Throwable refused) {
            process.descriptors().cancel(fd);
            throw refused;
        }
        return process.descriptors()
                .install(fd, file, new Origin(path, Optional.of(node)), flags, (flags & O_CLOEXEC) != 0);
    }

    private Task task(Call call) {
        Task task = tasks.of(call);
        if (task == null) {
            throw new VfioException(Errno.ESRCH, "the thread has ended");
        }
        return task;
    }

    /** Opens what a descriptor of the machine's leads to anew, or its {@code fdinfo}; false when it is none. */
    private boolean reopen(Call call, String path, NamedPath.DescriptorPath descriptor, int flags) {
        Handle handle = find(call, descriptor);
        if (handle == null) {
            return false;
        }
        try (handle) {
            ProgramProcess process = task(call).process();
            int fd;
            if (descriptor.info()) {
                String text = "pos:\t" + handle.position() + "\nflags:\t0" + Integer.toOctalString(handle.flags())
                        + "\nmnt_id:\t1\nino:\t1\n" + handle.file().fdinfo();
                fd = process.descriptors()
                        .install(
                                process.descriptors().reserve(),
                                new TextFile(text),
                                new Origin(path, Optional.empty()),
                                flags,
                                (flags & O_CLOEXEC) != 0);
            } else {
                VirtualTree.Node node = handle.origin()
                        .node()
                        .orElseThrow(() -> new VfioException(Errno.ENXIO, path + " cannot be opened anew"));
                fd = open(
                        call,
                        new TreeView.Place(true, handle.origin().path(), Optional.of(node)),
                        handle.origin().path(),
                        flags);
            }
            finish(call, path, flags, fd);
            return true;
        }
    }

    @Nullable
    Handle find(Call call, NamedPath.DescriptorPath descriptor) {
        int pid = descriptor.pid().orElse(call.tid());
        return ProcLinks.read(call, "/proc/" + pid + "/fd/" + descriptor.fd())
                .filter(handles::isInside)
                .map(text -> handles.find(call.link(), text.length()))
                .orElse(null);
    }
}
