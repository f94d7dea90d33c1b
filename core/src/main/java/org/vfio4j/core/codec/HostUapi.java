// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;

/** An open file of the host's own, as raw calls see it. */
public final class HostUapi extends LoggedFile {
    private final UapiFile file;

    /** The host's file, closed with this. */
    public HostUapi(UapiFile file) {
        this.file = file;
    }

    @Override
    long call(Caller caller, int command, long argument) {
        return file.ioctl(caller, command, argument);
    }

    @Override
    long readAt(long position, MemorySegment target) {
        return file.read(position, target);
    }

    @Override
    long writeAt(long position, MemorySegment source) {
        return file.write(position, source);
    }

    @Override
    public boolean positional() {
        return file.positional();
    }

    @Override
    UapiMapping map(long offset, long length, int protection, boolean shared) {
        return file.mmap(offset, length, protection, shared);
    }

    @Override
    public int poll() {
        return file.poll();
    }

    @Override
    public String fdinfo() {
        return file.fdinfo();
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
