// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An open {@code /dev/iommu} (kernel: {@code iommufd_fops}). Spec: iommufd §3 G1, G7, §11.5. */
final class ContextFile implements IommufdFile {
    private static final int PROT_EXEC = 4;

    private final Context context;

    ContextFile(Context context) {
        this.context = context;
    }

    @Override
    public IommufdContext context() {
        return context;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return CommandTable.covers(command)
                ? CommandTable.dispatch(context, caller, command, argument)
                : CompatCommands.dispatch(context, caller, command, argument);
    }

    /** No object here has memory to map. */
    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        if (!shared) {
            throw new VfioException(Errno.EINVAL, "mmap of an iommufd must be shared");
        }
        if ((protection & PROT_EXEC) != 0) {
            throw new VfioException(Errno.EPERM, "mmap of an iommufd cannot be executable");
        }
        throw new VfioException(Errno.ENXIO, "no object of the iommufd has memory at offset " + offset);
    }

    @Override
    public void close() {
        context.release();
    }
}
