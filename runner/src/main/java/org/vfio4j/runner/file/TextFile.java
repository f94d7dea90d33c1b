// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A read-only file of which the program gets a copy, such as {@code /proc/PID/fdinfo/N}. */
public final class TextFile implements UapiFile, FilledFile {
    private final byte[] text;

    /** A file with a text. */
    public TextFile(String text) {
        this.text = text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] initialContent() {
        return text;
    }

    @Override
    public long read(long position, MemorySegment target) {
        if (position >= text.length) {
            return 0;
        }
        int bytes = (int) Math.min(target.byteSize(), text.length - position);
        MemorySegment.copy(text, (int) position, target, ValueLayout.JAVA_BYTE, 0, bytes);
        return bytes;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "a text has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
