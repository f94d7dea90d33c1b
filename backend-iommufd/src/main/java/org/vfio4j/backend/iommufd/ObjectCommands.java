// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuDestroy;
import org.vfio4j.uapi.struct.IommuOption;
import org.vfio4j.uapi.struct.IommuVfioIoas;

/** Codec of the ioctls on objects of any kind and on the context itself. Spec: iommufd §2.6, §5.8, §5.9. */
final class ObjectCommands {
    private ObjectCommands() {}

    static void destroy(Context context, UserCommand command) {
        context.destroy(IommuDestroy.id(command.struct()));
    }

    static void option(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        int option = IommuOption.optionId(struct);
        int op = IommuOption.op(struct);
        if (IommuOption.reserved(struct) != 0
                || (option != IommufdIoas.IOMMU_OPTION_RLIMIT_MODE && option != IommufdIoas.IOMMU_OPTION_HUGE_PAGES)
                || (op != IommufdIoas.IOMMU_OPTION_OP_SET && op != IommufdIoas.IOMMU_OPTION_OP_GET)) {
            throw new VfioException(
                    Errno.EOPNOTSUPP, "OPTION refused: option " + Integer.toUnsignedString(option) + ", op " + op);
        }
        if (option == IommufdIoas.IOMMU_OPTION_RLIMIT_MODE) {
            accountingMode(context, command, op == IommufdIoas.IOMMU_OPTION_OP_SET);
        } else {
            largePages(context, command, op == IommufdIoas.IOMMU_OPTION_OP_SET);
        }
        command.respond();
    }

    private static void accountingMode(Context context, UserCommand command, boolean set) {
        MemorySegment struct = command.struct();
        if (IommuOption.objectId(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "OPTION refused: RLIMIT_MODE belongs to no object");
        }
        if (!set) {
            IommuOption.val64(struct, context.objects().accountingMode() == Accounting.Mode.PROCESS ? 1 : 0);
            return;
        }
        if (!command.caller().capable(Capability.SYS_RESOURCE)) {
            throw new VfioException(Errno.EPERM, "OPTION refused: RLIMIT_MODE needs CAP_SYS_RESOURCE");
        }
        context.objects().setAccountingMode(IommuOption.val64(struct));
    }

    private static void largePages(Context context, UserCommand command, boolean set) {
        MemorySegment struct = command.struct();
        Ioas ioas = context.objects().get(IommuOption.objectId(struct), Ioas.class);
        try {
            if (!set) {
                IommuOption.val64(struct, ioas.engine().largePages() ? 1 : 0);
                return;
            }
            long value = IommuOption.val64(struct);
            if (value != 0 && value != 1) {
                throw new VfioException(Errno.EINVAL, "OPTION refused: HUGE_PAGES is 0 or 1, not " + value);
            }
            ioas.engine().setLargePages(value == 1);
        } finally {
            ioas.put();
        }
    }

    static void vfioIoas(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        if (IommuVfioIoas.reserved(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "VFIO_IOAS refused: a reserved field is not 0");
        }
        switch (IommuVfioIoas.op(struct)) {
            case IommufdIoas.IOMMU_VFIO_IOAS_GET -> {
                IommuVfioIoas.ioasId(struct, context.compatIoas());
                command.respond();
            }
            case IommufdIoas.IOMMU_VFIO_IOAS_SET -> context.compat().designate(IommuVfioIoas.ioasId(struct));
            case IommufdIoas.IOMMU_VFIO_IOAS_CLEAR -> context.compat().clear();
            default ->
                throw new VfioException(
                        Errno.EOPNOTSUPP, "VFIO_IOAS refused: there is no op " + IommuVfioIoas.op(struct));
        }
    }
}
