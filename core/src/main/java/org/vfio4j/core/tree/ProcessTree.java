// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import org.jspecify.annotations.Nullable;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.core.process.PathTree;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The tree as one process sees it: some nodes ask for that process' privileges when they are opened. */
public final class ProcessTree implements PathTree {
    private static final int ACCESS_MODE = 3;
    private static final int READ_BITS = 0444;
    private static final int WRITE_BITS = 0222;

    private final VirtualTree tree;

    /** Set before the process is handed out, so before it can open anything. */
    private volatile @Nullable LocalProcess process;

    private ProcessTree(VirtualTree tree) {
        this.tree = tree;
    }

    /** Makes a process that sees a tree. */
    public static LocalProcess newProcess(VirtualTree tree, PhysicalMemory memory, ProcessOptions options) {
        var view = new ProcessTree(tree);
        var process = new LocalProcess(view, memory, options);
        view.process = process;
        return process;
    }

    @Override
    public UapiFile open(String path, int flags) {
        var caller = process;
        if (caller == null) {
            throw new IllegalStateException("the process is not made yet");
        }
        var node = tree.resolve(path)
                .orElseThrow(() -> new VfioException(Errno.ENOENT, "open refused: there is no " + path));
        return switch (node) {
            case VirtualTree.Device device -> device.open(caller);
            case VirtualTree.Attribute attribute -> open(caller, path, attribute, flags & ACCESS_MODE);
            case VirtualTree.Directory directory ->
                throw new VfioException(Errno.EISDIR, "open refused: " + path + " is a directory");
            case VirtualTree.Link link ->
                throw new IllegalStateException(path + " leads to a link that was not followed");
        };
    }

    /** Attributes refuse what they cannot do to everybody, root too (kernel: {@code kernfs_fop_open}). */
    private static UapiFile open(Caller caller, String path, VirtualTree.Attribute attribute, int access) {
        boolean reads = access != 1;
        boolean writes = access != 0;
        if ((reads && (attribute.mode() & READ_BITS) == 0) || (writes && (attribute.mode() & WRITE_BITS) == 0)) {
            throw new VfioException(
                    Errno.EACCES,
                    "open refused: " + path + " with mode 0" + Integer.toOctalString(attribute.mode()) + " cannot be "
                            + (reads && (attribute.mode() & READ_BITS) == 0 ? "read" : "written"));
        }
        return new AttributeFile(attribute, caller);
    }
}
