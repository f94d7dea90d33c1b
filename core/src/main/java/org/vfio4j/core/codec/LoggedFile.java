// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.uapi.VfioException;

/** A file whose refused calls are told to the {@link RefusalLog}. Calls that succeed pay nothing for it. */
abstract class LoggedFile implements UapiFile {
    /** {@link #ioctl} itself. */
    abstract long call(Caller caller, int command, long argument);

    /** {@link #read} itself. */
    long readAt(long position, MemorySegment target) {
        return UapiFile.super.read(position, target);
    }

    /** {@link #write} itself. */
    long writeAt(long position, MemorySegment source) {
        return UapiFile.super.write(position, source);
    }

    /** {@link #mmap} itself. */
    UapiMapping map(long offset, long length, int protection, boolean shared) {
        return UapiFile.super.mmap(offset, length, protection, shared);
    }

    @Override
    public final long ioctl(Caller caller, int command, long argument) {
        try {
            return call(caller, command, argument);
        } catch (VfioException refused) {
            RefusalLog.refused(command, this, refused);
            throw refused;
        }
    }

    @Override
    public final long read(long position, MemorySegment target) {
        try {
            return readAt(position, target);
        } catch (VfioException refused) {
            RefusalLog.refused("read", this, refused);
            throw refused;
        }
    }

    @Override
    public final long write(long position, MemorySegment source) {
        try {
            return writeAt(position, source);
        } catch (VfioException refused) {
            RefusalLog.refused("write", this, refused);
            throw refused;
        }
    }

    @Override
    public final UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        try {
            return map(offset, length, protection, shared);
        } catch (VfioException refused) {
            RefusalLog.refused("mmap", this, refused);
            throw refused;
        }
    }
}
