// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasChangeProcess;
import org.vfio4j.uapi.struct.IommuIoasCopy;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuIoasMapFile;
import org.vfio4j.uapi.struct.IommuIoasUnmap;

/**
 * Codec of the ioctls that make and fill an IOAS. What MAP, COPY and UNMAP did stays done when only the answer cannot be
 * written back. Spec: iommufd §3 G5, §5.1, §5.4 to §5.7,
 * §5.15.
 */
final class IoasCommands {
    private IoasCommands() {}

    static void alloc(Context context, UserCommand command) {
        if (IommuIoasAlloc.flags(command.struct()) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "IOAS_ALLOC refused: flags must be 0");
        }
        var ioas = new Ioas(context);
        context.objects().reserve(ioas);
        try {
            IommuIoasAlloc.outIoasId(command.struct(), ioas.id());
            command.respond();
        } catch (RuntimeException refused) {
            context.objects().cancel(ioas);
            throw refused;
        }
        context.creationLock().readLock().lock();
        try {
            context.objects().publish(ioas);
        } finally {
            context.creationLock().readLock().unlock();
        }
    }

    static void map(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        if (IommuIoasMap.reserved(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "MAP refused: a reserved field is not 0");
        }
        long iova = context.map(
                command.caller(),
                IommuIoasMap.ioasId(struct),
                IommuIoasMap.flags(struct),
                IommuIoasMap.userVa(struct),
                IommuIoasMap.length(struct),
                IommuIoasMap.iova(struct));
        IommuIoasMap.iova(struct, iova);
        command.respond();
    }

    static void copy(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        int flags = IommuIoasCopy.flags(struct);
        long length = IommuIoasCopy.length(struct);
        long sourceIova = IommuIoasCopy.srcIova(struct);
        Ioas.checkMapRequest(flags, IommuIoasCopy.dstIova(struct), length);
        if (sourceIova == -1) {
            throw new VfioException(Errno.EOVERFLOW, "COPY refused: the source iova is all ones");
        }
        List<Area> slices;
        Ioas source = context.objects().get(IommuIoasCopy.srcIoasId(struct), Ioas.class);
        try {
            slices = source.slices(sourceIova, length, Ioas.protection(flags));
        } finally {
            source.put();
        }
        try {
            Ioas target = context.objects().get(IommuIoasCopy.dstIoasId(struct), Ioas.class);
            try {
                boolean fixed = (flags & IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA) != 0;
                IommuIoasCopy.dstIova(struct, target.mapSlices(slices, length, fixed, IommuIoasCopy.dstIova(struct)));
            } finally {
                target.put();
            }
        } finally {
            slices.forEach(slice -> slice.pages.drop());
        }
        command.respond();
    }

    static void mapFile(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        int flags = IommuIoasMapFile.flags(struct);
        Ioas.checkMapRequest(flags, IommuIoasMapFile.iova(struct), IommuIoasMapFile.length(struct));
        Ioas ioas = context.objects().get(IommuIoasMapFile.ioasId(struct), Ioas.class);
        try {
            long iova = ioas.mapFile(
                    command.caller(),
                    Ioas.protection(flags),
                    (flags & IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA) != 0,
                    IommuIoasMapFile.fd(struct),
                    IommuIoasMapFile.start(struct),
                    IommuIoasMapFile.length(struct),
                    IommuIoasMapFile.iova(struct));
            IommuIoasMapFile.iova(struct, iova);
        } finally {
            ioas.put();
        }
        command.respond();
    }

    static void changeProcess(Context context, UserCommand command) {
        if (IommuIoasChangeProcess.reserved(command.struct()) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "CHANGE_PROCESS refused: a reserved field is not 0");
        }
        ProcessChange.run(context, command.caller());
        command.respond();
    }

    static void unmap(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        long removed = context.unmap(
                IommuIoasUnmap.ioasId(struct), IommuIoasUnmap.iova(struct), IommuIoasUnmap.length(struct));
        IommuIoasUnmap.length(struct, removed);
        command.respond();
    }
}
