// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdFile;

/** An open {@code /dev/iommu} as raw calls see it: the backend's file, whose refusals are logged like those of the core. */
public final class IommufdUapi extends LoggedFile implements IommufdFile {
    private final IommufdFile file;

    /** A backend's file, closed with this. */
    public IommufdUapi(IommufdFile file) {
        this.file = file;
    }

    @Override
    public IommufdContext context() {
        return file.context();
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
    UapiMapping map(long offset, long length, int protection, boolean shared) {
        return file.mmap(offset, length, protection, shared);
    }

    @Override
    public boolean positional() {
        return file.positional();
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
        return "/dev/iommu";
    }
}
