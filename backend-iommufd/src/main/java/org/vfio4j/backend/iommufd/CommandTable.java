// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuDestroy;
import org.vfio4j.uapi.struct.IommuHwInfo;
import org.vfio4j.uapi.struct.IommuHwptAlloc;
import org.vfio4j.uapi.struct.IommuHwptGetDirtyBitmap;
import org.vfio4j.uapi.struct.IommuHwptSetDirtyTracking;
import org.vfio4j.uapi.struct.IommuIoasAlloc;
import org.vfio4j.uapi.struct.IommuIoasAllowIovas;
import org.vfio4j.uapi.struct.IommuIoasChangeProcess;
import org.vfio4j.uapi.struct.IommuIoasCopy;
import org.vfio4j.uapi.struct.IommuIoasIovaRanges;
import org.vfio4j.uapi.struct.IommuIoasMap;
import org.vfio4j.uapi.struct.IommuIoasMapFile;
import org.vfio4j.uapi.struct.IommuIoasUnmap;
import org.vfio4j.uapi.struct.IommuOption;
import org.vfio4j.uapi.struct.IommuVfioIoas;

/**
 * Which ioctls an iommufd knows, and the rules they all follow (kernel: {@code iommufd_ioctl_ops}). Numbers below the table
 * or beyond its end go to {@link CompatCommands}; numbers in it that are not offered are holes and answer ENOTTY.
 * Spec: iommufd §3 G1 to G5.
 */
final class CommandTable {
    /** The last number the uAPI has given out. */
    private static final int LAST = IommufdIoctl.IOMMUFD_CMD_HW_QUEUE_ALLOC;

    private static final int FIRST = IommufdIoctl.IOMMUFD_CMD_BASE;

    private static final @Nullable Command[] SLOTS = slots(List.of(
            new Command(
                    IommufdIoctl.IOMMU_DESTROY, IommuDestroy.SIZEOF, IommuDestroy.MIN_SIZE, ObjectCommands::destroy),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_ALLOC, IommuIoasAlloc.SIZEOF, IommuIoasAlloc.MIN_SIZE, IoasCommands::alloc),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_ALLOW_IOVAS,
                    IommuIoasAllowIovas.SIZEOF,
                    IommuIoasAllowIovas.MIN_SIZE,
                    IovaCommands::allow),
            new Command(IommufdIoctl.IOMMU_IOAS_COPY, IommuIoasCopy.SIZEOF, IommuIoasCopy.MIN_SIZE, IoasCommands::copy),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_IOVA_RANGES,
                    IommuIoasIovaRanges.SIZEOF,
                    IommuIoasIovaRanges.MIN_SIZE,
                    IovaCommands::ranges),
            new Command(IommufdIoctl.IOMMU_IOAS_MAP, IommuIoasMap.SIZEOF, IommuIoasMap.MIN_SIZE, IoasCommands::map),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_MAP_FILE,
                    IommuIoasMapFile.SIZEOF,
                    IommuIoasMapFile.MIN_SIZE,
                    IoasCommands::mapFile),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_CHANGE_PROCESS,
                    IommuIoasChangeProcess.SIZEOF,
                    IommuIoasChangeProcess.MIN_SIZE,
                    IoasCommands::changeProcess),
            new Command(
                    IommufdIoctl.IOMMU_IOAS_UNMAP, IommuIoasUnmap.SIZEOF, IommuIoasUnmap.MIN_SIZE, IoasCommands::unmap),
            new Command(IommufdIoctl.IOMMU_OPTION, IommuOption.SIZEOF, IommuOption.MIN_SIZE, ObjectCommands::option),
            new Command(
                    IommufdIoctl.IOMMU_VFIO_IOAS,
                    IommuVfioIoas.SIZEOF,
                    IommuVfioIoas.MIN_SIZE,
                    ObjectCommands::vfioIoas),
            new Command(
                    IommufdIoctl.IOMMU_HWPT_ALLOC, IommuHwptAlloc.SIZEOF, IommuHwptAlloc.MIN_SIZE, HwptCommands::alloc),
            new Command(IommufdIoctl.IOMMU_GET_HW_INFO, IommuHwInfo.SIZEOF, IommuHwInfo.MIN_SIZE, HwptCommands::hwInfo),
            new Command(
                    IommufdIoctl.IOMMU_HWPT_SET_DIRTY_TRACKING,
                    IommuHwptSetDirtyTracking.SIZEOF,
                    IommuHwptSetDirtyTracking.MIN_SIZE,
                    HwptCommands::setDirtyTracking),
            new Command(
                    IommufdIoctl.IOMMU_HWPT_GET_DIRTY_BITMAP,
                    IommuHwptGetDirtyBitmap.SIZEOF,
                    IommuHwptGetDirtyBitmap.MIN_SIZE,
                    HwptCommands::getDirtyBitmap)));

    private CommandTable() {}

    /**
     * One ioctl.
     *
     * @param number all 32 bits of the command
     * @param size of the struct as known here
     * @param minSize smallest size a caller may give
     */
    private record Command(int number, int size, int minSize, Handler handler) {}

    /** Carries out a command whose struct has been read, and responds. */
    @FunctionalInterface
    private interface Handler {
        void handle(Context context, UserCommand command);
    }

    /** Whether the low byte of a command is a number of this table, hole or not. */
    static boolean covers(int command) {
        int number = command & 0xff;
        return number >= FIRST && number <= LAST;
    }

    /** Carries out an ioctl that {@link #covers} accepts. */
    static long dispatch(Context context, Caller caller, int command, long argument) {
        var call = new UserCommand(caller, argument);
        Command known = SLOTS[(command & 0xff) - FIRST];
        if (known == null || known.number != command) {
            throw new VfioException(Errno.ENOTTY, "an iommufd has no ioctl 0x" + Integer.toHexString(command));
        }
        call.load(known.size, known.minSize);
        known.handler.handle(context, call);
        return 0;
    }

    private static @Nullable Command[] slots(List<Command> commands) {
        var slots = new @Nullable Command[LAST - FIRST + 1];
        for (Command command : commands) {
            slots[(command.number & 0xff) - FIRST] = command;
        }
        return slots;
    }
}
