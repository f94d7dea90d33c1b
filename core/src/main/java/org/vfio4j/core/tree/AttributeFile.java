// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An open attribute (kernel: {@code kernfs_open_file}). A text is made anew when reading starts at its beginning and stays
 * the same while reading goes on from there; bytes of a binary attribute are always those of the moment.
 */
final class AttributeFile implements UapiFile {
    private final VirtualTree.Attribute attribute;
    private final Caller opener;

    /** Guards {@link #content}. */
    private final ReentrantLock contentLock = new ReentrantLock();

    private byte[] content = {};

    AttributeFile(VirtualTree.Attribute attribute, Caller opener) {
        this.attribute = attribute;
        this.opener = opener;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "an attribute has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public long read(long position, MemorySegment target) {
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

    @Override
    public long write(long position, MemorySegment source) {
        attribute.write(opener, position, source.toArray(ValueLayout.JAVA_BYTE));
        return source.byteSize();
    }

    @Override
    public void close() {}
}
