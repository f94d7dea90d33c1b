// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import static org.vfio4j.uapi.FslMcIoctl.FSL_MC_SEND_MC_COMMAND;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_DESTROY;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_FAULT_QUEUE_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_GET_HW_INFO;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_HWPT_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_HWPT_GET_DIRTY_BITMAP;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_HWPT_INVALIDATE;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_HWPT_SET_DIRTY_TRACKING;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_HW_QUEUE_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_ALLOW_IOVAS;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_CHANGE_PROCESS;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_COPY;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_IOVA_RANGES;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_MAP;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_MAP_FILE;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_IOAS_UNMAP;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_OPTION;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_VDEVICE_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_VEVENTQ_ALLOC;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_VFIO_IOAS;
import static org.vfio4j.uapi.IommufdIoctl.IOMMU_VIOMMU_ALLOC;
import static org.vfio4j.uapi.VfioIoctl.VFIO_CHECK_EXTENSION;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_FEATURE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_GET_GFX_DMABUF;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_GET_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_GET_REGION_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_IOEVENTFD;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_PCI_HOT_RESET;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_QUERY_GFX_PLANE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_RESET;
import static org.vfio4j.uapi.VfioIoctl.VFIO_DEVICE_SET_IRQS;
import static org.vfio4j.uapi.VfioIoctl.VFIO_EEH_PE_OP;
import static org.vfio4j.uapi.VfioIoctl.VFIO_GET_API_VERSION;
import static org.vfio4j.uapi.VfioIoctl.VFIO_GROUP_GET_DEVICE_FD;
import static org.vfio4j.uapi.VfioIoctl.VFIO_GROUP_GET_STATUS;
import static org.vfio4j.uapi.VfioIoctl.VFIO_GROUP_SET_CONTAINER;
import static org.vfio4j.uapi.VfioIoctl.VFIO_GROUP_UNSET_CONTAINER;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_DIRTY_PAGES;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_DISABLE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_ENABLE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_GET_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_MAP_DMA;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_SPAPR_REGISTER_MEMORY;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_SPAPR_TCE_CREATE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_SPAPR_TCE_GET_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_SPAPR_TCE_REMOVE;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY;
import static org.vfio4j.uapi.VfioIoctl.VFIO_IOMMU_UNMAP_DMA;
import static org.vfio4j.uapi.VfioIoctl.VFIO_MIG_GET_PRECOPY_INFO;
import static org.vfio4j.uapi.VfioIoctl.VFIO_SET_IOMMU;

import org.jspecify.annotations.Nullable;

/**
 * The kinds of file that take {@code ioctl} commands.
 *
 * <p>The kernel gives some numbers several meanings ({@code 0x3b70} is GET_PCI_HOT_RESET_INFO, IOMMU_GET_INFO or
 * SPAPR_TCE_GET_INFO), so a number can be named only together with the file it was sent to.
 */
public enum FileKind {
    /** {@code /dev/vfio/vfio} before an IOMMU type is chosen. */
    CONTAINER,

    /** {@code /dev/vfio/vfio} with type1, v1 or v2. */
    CONTAINER_TYPE1,

    /** {@code /dev/vfio/vfio} with SPAPR TCE, v1 or v2. */
    CONTAINER_SPAPR,

    /** {@code /dev/vfio/<group>}. */
    GROUP,

    /** A device, opened through its group or its own character device. */
    DEVICE,

    /** The stream of a device's migration state. */
    MIGRATION_DATA,

    /** {@code /dev/iommu}; it also answers the commands of a type1 container. */
    IOMMUFD,

    /** {@code /dev/dprc.N}: the commands of a management complex. */
    MANAGEMENT_COMPLEX;

    /**
     * The kernel's name of a command on this kind of file, for messages and traces.
     *
     * @param command the number given to {@code ioctl}, as on x86-64 and arm64
     * @return the name, or "ioctl" and the number in hexadecimal if this kind of file does not know the command
     */
    public String commandName(int command) {
        String name = switch (this) {
            case CONTAINER -> containerCommand(command);
            case CONTAINER_TYPE1 -> type1Command(command);
            case CONTAINER_SPAPR -> spaprCommand(command);
            case GROUP -> groupCommand(command);
            case DEVICE -> deviceCommand(command);
            case MIGRATION_DATA -> command == VFIO_MIG_GET_PRECOPY_INFO ? "VFIO_MIG_GET_PRECOPY_INFO" : null;
            case IOMMUFD -> iommufdCommand(command);
            case MANAGEMENT_COMPLEX -> command == FSL_MC_SEND_MC_COMMAND ? "FSL_MC_SEND_MC_COMMAND" : null;
        };
        return name != null ? name : "ioctl 0x" + Integer.toHexString(command);
    }

    private static @Nullable String containerCommand(int command) {
        return switch (command) {
            case VFIO_GET_API_VERSION -> "VFIO_GET_API_VERSION";
            case VFIO_CHECK_EXTENSION -> "VFIO_CHECK_EXTENSION";
            case VFIO_SET_IOMMU -> "VFIO_SET_IOMMU";
            default -> null;
        };
    }

    private static @Nullable String type1Command(int command) {
        return switch (command) {
            case VFIO_IOMMU_GET_INFO -> "VFIO_IOMMU_GET_INFO";
            case VFIO_IOMMU_MAP_DMA -> "VFIO_IOMMU_MAP_DMA";
            case VFIO_IOMMU_UNMAP_DMA -> "VFIO_IOMMU_UNMAP_DMA";
            case VFIO_IOMMU_DIRTY_PAGES -> "VFIO_IOMMU_DIRTY_PAGES";
            default -> containerCommand(command);
        };
    }

    private static @Nullable String spaprCommand(int command) {
        return switch (command) {
            case VFIO_IOMMU_SPAPR_TCE_GET_INFO -> "VFIO_IOMMU_SPAPR_TCE_GET_INFO";
            case VFIO_IOMMU_MAP_DMA -> "VFIO_IOMMU_MAP_DMA";
            case VFIO_IOMMU_UNMAP_DMA -> "VFIO_IOMMU_UNMAP_DMA";
            case VFIO_IOMMU_ENABLE -> "VFIO_IOMMU_ENABLE";
            case VFIO_IOMMU_DISABLE -> "VFIO_IOMMU_DISABLE";
            case VFIO_IOMMU_SPAPR_REGISTER_MEMORY -> "VFIO_IOMMU_SPAPR_REGISTER_MEMORY";
            case VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY -> "VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY";
            case VFIO_IOMMU_SPAPR_TCE_CREATE -> "VFIO_IOMMU_SPAPR_TCE_CREATE";
            case VFIO_IOMMU_SPAPR_TCE_REMOVE -> "VFIO_IOMMU_SPAPR_TCE_REMOVE";
            case VFIO_EEH_PE_OP -> "VFIO_EEH_PE_OP";
            default -> containerCommand(command);
        };
    }

    private static @Nullable String groupCommand(int command) {
        return switch (command) {
            case VFIO_GROUP_GET_STATUS -> "VFIO_GROUP_GET_STATUS";
            case VFIO_GROUP_SET_CONTAINER -> "VFIO_GROUP_SET_CONTAINER";
            case VFIO_GROUP_UNSET_CONTAINER -> "VFIO_GROUP_UNSET_CONTAINER";
            case VFIO_GROUP_GET_DEVICE_FD -> "VFIO_GROUP_GET_DEVICE_FD";
            default -> null;
        };
    }

    private static @Nullable String deviceCommand(int command) {
        return switch (command) {
            case VFIO_DEVICE_GET_INFO -> "VFIO_DEVICE_GET_INFO";
            case VFIO_DEVICE_GET_REGION_INFO -> "VFIO_DEVICE_GET_REGION_INFO";
            case VFIO_DEVICE_GET_IRQ_INFO -> "VFIO_DEVICE_GET_IRQ_INFO";
            case VFIO_DEVICE_SET_IRQS -> "VFIO_DEVICE_SET_IRQS";
            case VFIO_DEVICE_RESET -> "VFIO_DEVICE_RESET";
            case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO -> "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO";
            case VFIO_DEVICE_PCI_HOT_RESET -> "VFIO_DEVICE_PCI_HOT_RESET";
            case VFIO_DEVICE_QUERY_GFX_PLANE -> "VFIO_DEVICE_QUERY_GFX_PLANE";
            case VFIO_DEVICE_GET_GFX_DMABUF -> "VFIO_DEVICE_GET_GFX_DMABUF";
            case VFIO_DEVICE_IOEVENTFD -> "VFIO_DEVICE_IOEVENTFD";
            case VFIO_DEVICE_FEATURE -> "VFIO_DEVICE_FEATURE";
            case VFIO_DEVICE_BIND_IOMMUFD -> "VFIO_DEVICE_BIND_IOMMUFD";
            case VFIO_DEVICE_ATTACH_IOMMUFD_PT -> "VFIO_DEVICE_ATTACH_IOMMUFD_PT";
            case VFIO_DEVICE_DETACH_IOMMUFD_PT -> "VFIO_DEVICE_DETACH_IOMMUFD_PT";
            default -> null;
        };
    }

    private static @Nullable String iommufdCommand(int command) {
        return switch (command) {
            case IOMMU_DESTROY -> "IOMMU_DESTROY";
            case IOMMU_IOAS_ALLOC -> "IOMMU_IOAS_ALLOC";
            case IOMMU_IOAS_ALLOW_IOVAS -> "IOMMU_IOAS_ALLOW_IOVAS";
            case IOMMU_IOAS_COPY -> "IOMMU_IOAS_COPY";
            case IOMMU_IOAS_IOVA_RANGES -> "IOMMU_IOAS_IOVA_RANGES";
            case IOMMU_IOAS_MAP -> "IOMMU_IOAS_MAP";
            case IOMMU_IOAS_UNMAP -> "IOMMU_IOAS_UNMAP";
            case IOMMU_OPTION -> "IOMMU_OPTION";
            case IOMMU_VFIO_IOAS -> "IOMMU_VFIO_IOAS";
            case IOMMU_HWPT_ALLOC -> "IOMMU_HWPT_ALLOC";
            case IOMMU_GET_HW_INFO -> "IOMMU_GET_HW_INFO";
            case IOMMU_HWPT_SET_DIRTY_TRACKING -> "IOMMU_HWPT_SET_DIRTY_TRACKING";
            case IOMMU_HWPT_GET_DIRTY_BITMAP -> "IOMMU_HWPT_GET_DIRTY_BITMAP";
            case IOMMU_HWPT_INVALIDATE -> "IOMMU_HWPT_INVALIDATE";
            case IOMMU_FAULT_QUEUE_ALLOC -> "IOMMU_FAULT_QUEUE_ALLOC";
            case IOMMU_IOAS_MAP_FILE -> "IOMMU_IOAS_MAP_FILE";
            case IOMMU_VIOMMU_ALLOC -> "IOMMU_VIOMMU_ALLOC";
            case IOMMU_VDEVICE_ALLOC -> "IOMMU_VDEVICE_ALLOC";
            case IOMMU_IOAS_CHANGE_PROCESS -> "IOMMU_IOAS_CHANGE_PROCESS";
            case IOMMU_VEVENTQ_ALLOC -> "IOMMU_VEVENTQ_ALLOC";
            case IOMMU_HW_QUEUE_ALLOC -> "IOMMU_HW_QUEUE_ALLOC";
            default -> type1Command(command);
        };
    }
}
