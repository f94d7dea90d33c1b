// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An attribute that the program has open. The real file that stands for it holds its text from the beginning, so that reading it
 * needs nobody, whatever number its descriptor has.
 */
public final class AttributeFile implements UapiFile, FilledFile {
    private final VirtualTree.Attribute attribute;
    private final Caller opener;
    private final boolean readable;

    /** What the real file holds until the program writes to it unseen. */
    private final byte[] initial;

    /** What the last read from the beginning found. */
    private volatile byte[] content;

    /**
     * Opens an attribute.
     *
     * @throws VfioException what reading it answers
     */
    public AttributeFile(VirtualTree.Attribute attribute, Caller opener, boolean readable) {
        this.attribute = attribute;
        this.opener = opener;
        this.readable = readable;
        this.initial = readable ? attribute.read() : new byte[0];
        this.content = initial;
    }

    @Override
    public byte[] initialContent() {
        return initial;
    }

    boolean isInitial(byte[] bytes) {
        return readable && Arrays.equals(bytes, initial);
    }

    @Override
    public long read(long position, MemorySegment target) {
        // A text is read as a whole, whatever the reader's pieces; registers are read where they are.
        if (position == 0 || attribute.binary()) {
            content = attribute.read();
        }
        byte[] now = content;
        if (position >= now.length) {
            return 0;
        }
        int bytes = (int) Math.min(target.byteSize(), now.length - position);
        MemorySegment.copy(now, (int) position, target, ValueLayout.JAVA_BYTE, 0, bytes);
        return bytes;
    }

    @Override
    public long write(long position, MemorySegment source) {
        attribute.write(opener, position, source.toArray(ValueLayout.JAVA_BYTE));
        return source.byteSize();
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "an attribute has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        throw new VfioException(Errno.ENODEV, "an attribute cannot be mapped");
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
