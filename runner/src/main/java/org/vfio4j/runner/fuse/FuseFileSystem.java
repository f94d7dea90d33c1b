// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.runner.path.NodeChange;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** What each request means (kernel: {@code fs/kernfs}, as seen through {@code fs/fuse}). Thread-safe. */
final class FuseFileSystem {
    private static final String ROOT = "";
    private static final int MAJOR = 7;
    private static final int MINOR = 31;

    /** {@code FUSE_ATOMIC_O_TRUNC}, {@code FUSE_BIG_WRITES}, {@code FUSE_PARALLEL_DIROPS}. */
    private static final int WANTED = 1 << 3 | 1 << 5 | 1 << 18;

    private static final int INIT_SIZE = 64;
    private static final int ENTRY_SIZE = 128;
    private static final int ATTRIBUTES_SIZE = 104;
    private static final int OPEN_SIZE = 16;
    private static final int STATFS_SIZE = 80;
    private static final int ATTRIBUTES_IN_ENTRY = 40;
    private static final int ATTRIBUTES_ALONE = 16;

    /** {@code FOPEN_DIRECT_IO} and {@code FOPEN_PARALLEL_DIRECT_WRITES}. */
    private static final int UNCACHED = 1 | 1 << 6;

    private static final int PAGE = 4096;
    private static final int NAME_MAX = 255;
    private static final int X_OK = 1;
    private static final int LASTING_SECONDS = 1 << 20;

    private final NodeSource source;
    private final NodeChanges changes;
    private final FuseClients clients;
    private final FuseIds ids;
    private final FuseNodes nodes;
    private final AtomicLong handles = new AtomicLong();
    private final Map<Long, OpenAttribute> attributes = new ConcurrentHashMap<>();
    private final Map<Long, OpenDirectory> directories = new ConcurrentHashMap<>();

    FuseFileSystem(NodeSource source, NodeChanges changes, FuseClients clients, FuseIds ids) {
        this.source = source;
        this.changes = changes;
        this.clients = clients;
        this.ids = ids;
        this.nodes = new FuseNodes(
                ROOT, source.find(ROOT).orElseThrow(() -> new VfioException(Errno.ENOENT, "there is nothing to show")));
    }

    /** Answers a request. */
    void handle(FuseRequest request) {
        try {
            decide(request);
        } catch (VfioException refused) {
            request.refuse(refused.errno());
        }
    }

    private void decide(FuseRequest request) {
        switch (request.opcode()) {
            case FuseOpcode.INIT -> init(request);
            case FuseOpcode.LOOKUP -> lookUp(request);
            case FuseOpcode.FORGET -> {
                nodes.forget(request.node(), request.longAt(0));
                request.noAnswer();
            }
            case FuseOpcode.BATCH_FORGET -> {
                for (int i = 0; i < request.intAt(0); i++) {
                    nodes.forget(request.longAt(8 + 16 * i), request.longAt(16 + 16 * i));
                }
                request.noAnswer();
            }
            case FuseOpcode.INTERRUPT -> request.noAnswer(); // who waits for a removal waits, as in a kernel
            case FuseOpcode.GETATTR -> status(request, nodes.get(request.node()));
            case FuseOpcode.SETATTR -> change(request, nodes.get(request.node()));
            case FuseOpcode.READLINK -> readLink(request);
            case FuseOpcode.ACCESS -> access(request);
            case FuseOpcode.OPEN -> open(request);
            case FuseOpcode.READ -> read(request);
            case FuseOpcode.WRITE -> write(request);
            case FuseOpcode.RELEASE -> release(request);
            case FuseOpcode.OPENDIR -> openDirectory(request);
            case FuseOpcode.READDIR -> readDirectory(request);
            case FuseOpcode.RELEASEDIR -> {
                directories.remove(request.longAt(0));
                request.answer(0);
            }
            case FuseOpcode.STATFS -> {
                request.put(40, PAGE);
                request.put(44, NAME_MAX);
                request.put(48, PAGE);
                request.answer(STATFS_SIZE);
            }
            case FuseOpcode.CREATE -> {
                Errno reason = source.fixed(nodes.get(request.node()).path());
                request.refuse(reason == Errno.EPERM ? Errno.EACCES : reason); // as in sysfs
            }
            case FuseOpcode.MKNOD,
                    FuseOpcode.MKDIR,
                    FuseOpcode.SYMLINK,
                    FuseOpcode.LINK,
                    FuseOpcode.UNLINK,
                    FuseOpcode.RMDIR,
                    FuseOpcode.RENAME,
                    FuseOpcode.RENAME2 ->
                request.refuse(source.fixed(nodes.get(request.node()).path()));
            case FuseOpcode.IOCTL -> request.refuse(Errno.ENOTTY);
            default -> request.refuse(Errno.ENOSYS);
        }
    }

    /** The answer did not reach anybody: what it promised is taken back. */
    void unsent(FuseRequest request) {
        if (request.answeredWell()) {
            switch (request.opcode()) {
                case FuseOpcode.LOOKUP -> nodes.forget(request.promised(), 1);
                case FuseOpcode.OPEN -> release(request.promised());
                case FuseOpcode.OPENDIR -> directories.remove(request.promised());
                default -> {}
            }
        }
    }

    private static void init(FuseRequest request) {
        if (request.intAt(0) != MAJOR) {
            throw new VfioException(Errno.EPROTO, "FUSE " + request.intAt(0) + " is not spoken");
        }
        request.put(0, MAJOR);
        request.put(4, Math.min(MINOR, request.intAt(4)));
        request.put(12, WANTED & request.intAt(12));
        request.put(20, FuseRequest.MOST_BYTES);
        request.put(24, 1); // nanoseconds of a time stamp's unit
        request.answer(INIT_SIZE);
    }

    private void lookUp(FuseRequest request) {
        String path = nodes.get(request.node()).path() + "/" + request.name();
        clients.settle();
        VirtualTree.Node found =
                source.find(path).orElseThrow(() -> new VfioException(Errno.ENOENT, "there is no " + path));
        var node = nodes.lookUp(path, found);
        int seconds = source.lasting(path) ? LASTING_SECONDS : 0;
        request.put(0, node.id());
        request.put(16, (long) seconds);
        request.put(24, (long) seconds);
        status(request, ATTRIBUTES_IN_ENTRY, node);
        request.answer(ENTRY_SIZE);
    }

    /** What is at a node now; what was there if it is gone and only still open. */
    private void status(FuseRequest request, FuseNodes.Node node) {
        request.put(0, source.lasting(node.path()) ? (long) LASTING_SECONDS : 0L);
        status(request, ATTRIBUTES_ALONE, node);
        request.answer(ATTRIBUTES_SIZE);
    }

    private void status(FuseRequest request, int at, FuseNodes.Node node) {
        FuseAttributes.put(request, at, changes.status(node.last(), node.path(), ids.asker(request)), ids);
    }

    private void change(FuseRequest request, FuseNodes.Node node) {
        int tid = request.tid();
        NodeChange change = FuseAttributes.change(request, ids, changes.now());
        try {
            changes.change(node.path(), ids.asker(request), change);
        } catch (VfioException refused) {
            clients.refused(tid, () -> change.text(node.path()), refused);
            throw refused;
        }
        status(request, node);
        if (!change.isNothing()) {
            clients.done(tid, () -> change.text(node.path()), 0);
        }
    }

    private void readLink(FuseRequest request) {
        var node = nodes.get(request.node());
        if (!(now(node) instanceof VirtualTree.Link link)) {
            throw new VfioException(Errno.EINVAL, node.path() + " is no link");
        }
        byte[] text = link.target().getBytes(StandardCharsets.UTF_8);
        request.body().copyFrom(MemorySegment.ofArray(text));
        request.answer(text.length);
    }

    private VirtualTree.Node now(FuseNodes.Node node) {
        return source.find(node.path())
                .orElseThrow(() -> new VfioException(Errno.ENODEV, node.path() + " has been removed"));
    }

    private VirtualTree.Attribute attribute(FuseNodes.Node node) {
        VirtualTree.Node now = now(node);
        if (now instanceof VirtualTree.Attribute attribute) {
            return attribute;
        }
        if (now instanceof VirtualTree.Device) {
            throw new VfioException(Errno.EACCES, node.path() + " can only be opened by a call that is intercepted");
        }
        throw new VfioException(Errno.ENODEV, node.path() + " has been removed");
    }

    /** By the mode as it is shown; root may read and write everything. */
    private void access(FuseRequest request) {
        var node = nodes.get(request.node());
        var asker = ids.asker(request);
        var status = changes.status(node.last(), node.path(), asker);
        int mode = status.mode();
        int granted;
        if (asker.uid() == 0) {
            granted = (mode & 0111) == 0 ? ~X_OK : ~0;
        } else if (asker.uid() == status.uid()) {
            granted = mode >>> 6;
        } else {
            granted = asker.gid() == status.gid() ? mode >>> 3 : mode;
        }
        if ((request.intAt(0) & 7 & ~granted) != 0) {
            throw new VfioException(Errno.EACCES, node.path() + " has mode 0" + Integer.toOctalString(mode & 0777));
        }
        request.answer(0);
    }

    private void open(FuseRequest request) {
        var node = nodes.get(request.node());
        int flags = request.intAt(0);
        int tid = request.tid();
        long handle = handles.incrementAndGet();
        try {
            var file = new OpenAttribute(node, attribute(node), flags, () -> clients.caller(tid));
            if (file.writes()) {
                nodes.startWriting(node);
            }
            attributes.put(handle, file);
        } catch (VfioException refused) {
            if (refused.errno() != Errno.ESTALE) {
                clients.refused(tid, () -> openText(node, flags), refused);
            }
            throw refused;
        }
        request.put(0, handle);
        request.put(8, UNCACHED);
        request.answer(OPEN_SIZE);
        clients.done(tid, () -> openText(node, flags), 0);
    }

    private static String openText(FuseNodes.Node node, int flags) {
        return "open(\"" + node.path() + "\", " + Trace.openFlags(flags) + ")";
    }

    private void release(FuseRequest request) {
        release(request.longAt(0));
        request.answer(0);
    }

    private void release(long handle) {
        var file = attributes.remove(handle);
        if (file != null && file.writes()) {
            nodes.endWriting(file.node());
        }
    }

    private OpenAttribute file(FuseRequest request) {
        var file = attributes.get(request.longAt(0));
        if (file == null) {
            throw new VfioException(Errno.EBADF, "there is no open file " + request.longAt(0));
        }
        return file;
    }

    private void read(FuseRequest request) {
        var file = file(request);
        int size = Math.min(request.intAt(16), FuseRequest.MOST_BYTES);
        transfer(request, file, "read", size, () -> {
            int bytes = file.read(
                    attribute(file.node()), request.longAt(8), request.body().asSlice(0, size));
            request.answer(bytes);
            return bytes;
        });
    }

    private void write(FuseRequest request) {
        var file = file(request);
        int size = request.intAt(16);
        transfer(request, file, "write", size, () -> {
            file.write(attribute(file.node()), request.longAt(8), request.data(40, size));
            request.put(0, size);
            request.answer(8);
            return size;
        });
    }

    private interface Transfer {
        long run();
    }

    private void transfer(FuseRequest request, OpenAttribute file, String name, int size, Transfer transfer) {
        clients.settle();
        int tid = request.tid();
        long done;
        try {
            done = transfer.run();
        } catch (VfioException refused) {
            clients.refused(tid, () -> transferText(file, name, size), refused);
            throw refused;
        }
        clients.done(tid, () -> transferText(file, name, size), done);
    }

    private static String transferText(OpenAttribute file, String name, int size) {
        return name + "(<" + file.node().path() + ">, " + size + " bytes)";
    }

    private void openDirectory(FuseRequest request) {
        var node = nodes.get(request.node());
        long handle = handles.incrementAndGet();
        directories.put(handle, new OpenDirectory(source, node.path()));
        request.put(0, handle);
        request.answer(OPEN_SIZE);
    }

    private void readDirectory(FuseRequest request) {
        var directory = directories.get(request.longAt(0));
        if (directory == null) {
            throw new VfioException(Errno.EBADF, "there is no open directory " + request.longAt(0));
        }
        clients.settle();
        int size = Math.min(request.intAt(16), FuseRequest.MOST_BYTES);
        request.answer(directory.read(request.longAt(8), request.body().asSlice(0, size)));
    }

    /** How many nodes the kernel knows. */
    int nodes() {
        return nodes.count();
    }

    /** How many files and directories are open. */
    int openFiles() {
        return attributes.size() + directories.size();
    }
}
