// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An open attribute (kernel: {@code kernfs_open_file}). A text is made when reading starts at its beginning and stays the same
 * while reading goes on from there; bytes of a binary attribute are always those of the moment. Thread-safe.
 */
final class OpenAttribute {
    private static final int O_ACCMODE = 3;
    private static final int O_WRONLY = 1;
    private static final int ANY_READ = 0444;
    private static final int ANY_WRITE = 0222;

    private final FuseNodes.Node node;
    private final int flags;
    private final Supplier<Caller> opener;

    /** Guards {@link #content}. */
    private final ReentrantLock contentLock = new ReentrantLock();

    private byte[] content = {};

    /**
     * Opens it.
     *
     * @throws VfioException EACCES when it cannot be used like this by anybody, root neither (kernel: {@code kernfs_fop_open})
     */
    OpenAttribute(FuseNodes.Node node, VirtualTree.Attribute attribute, int flags, Supplier<Caller> opener) {
        this.node = node;
        this.flags = flags;
        this.opener = opener;
        int access = flags & O_ACCMODE;
        boolean reads = access != O_WRONLY;
        if ((reads && (attribute.mode() & ANY_READ) == 0) || (writes() && (attribute.mode() & ANY_WRITE) == 0)) {
            throw new VfioException(
                    Errno.EACCES, node.path() + " has mode 0" + Integer.toOctalString(attribute.mode()));
        }
    }

    FuseNodes.Node node() {
        return node;
    }

    boolean writes() {
        return (flags & O_ACCMODE) != 0;
    }

    /**
     * Reads.
     *
     * @param attribute as it is now
     * @return how many bytes
     */
    int read(VirtualTree.Attribute attribute, long position, MemorySegment target) {
        contentLock.lock();
        try {
            if (position == 0 || content.length == 0 || attribute.binary()) {
                content = attribute.read();
            }
            int from = (int) Math.min(position, content.length);
            int count = (int) Math.min(target.byteSize(), content.length - from);
            MemorySegment.copy(content, from, target, ValueLayout.JAVA_BYTE, 0, count);
            return count;
        } finally {
            contentLock.unlock();
        }
    }

    /** Writes; may wait for long. */
    void write(VirtualTree.Attribute attribute, long position, MemorySegment source) {
        attribute.write(opener.get(), position, source.toArray(ValueLayout.JAVA_BYTE));
    }
}
