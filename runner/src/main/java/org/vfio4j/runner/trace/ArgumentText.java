// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.trace;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.*;

/** Shows a command's argument: the fields of its struct in their order, as they are after the call. */
final class ArgumentText {
    private static final int LONGEST_NAME = 256;

    private static final Map<String, Class<?>> STRUCTS = Map.ofEntries(
            Map.entry("VFIO_GROUP_GET_STATUS", VfioGroupStatus.class),
            Map.entry("VFIO_DEVICE_GET_INFO", VfioDeviceInfo.class),
            Map.entry("VFIO_DEVICE_GET_REGION_INFO", VfioRegionInfo.class),
            Map.entry("VFIO_DEVICE_GET_IRQ_INFO", VfioIrqInfo.class),
            Map.entry("VFIO_DEVICE_SET_IRQS", VfioIrqSet.class),
            Map.entry("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", VfioPciHotResetInfo.class),
            Map.entry("VFIO_DEVICE_PCI_HOT_RESET", VfioPciHotReset.class),
            Map.entry("VFIO_DEVICE_IOEVENTFD", VfioDeviceIoeventfd.class),
            Map.entry("VFIO_DEVICE_FEATURE", VfioDeviceFeature.class),
            Map.entry("VFIO_DEVICE_BIND_IOMMUFD", VfioDeviceBindIommufd.class),
            Map.entry("VFIO_DEVICE_ATTACH_IOMMUFD_PT", VfioDeviceAttachIommufdPt.class),
            Map.entry("VFIO_DEVICE_DETACH_IOMMUFD_PT", VfioDeviceDetachIommufdPt.class),
            Map.entry("VFIO_MIG_GET_PRECOPY_INFO", VfioPrecopyInfo.class),
            Map.entry("VFIO_IOMMU_GET_INFO", VfioIommuType1Info.class),
            Map.entry("VFIO_IOMMU_MAP_DMA", VfioIommuType1DmaMap.class),
            Map.entry("VFIO_IOMMU_UNMAP_DMA", VfioIommuType1DmaUnmap.class),
            Map.entry("VFIO_IOMMU_DIRTY_PAGES", VfioIommuType1DirtyBitmap.class),
            Map.entry("IOMMU_DESTROY", IommuDestroy.class),
            Map.entry("IOMMU_IOAS_ALLOC", IommuIoasAlloc.class),
            Map.entry("IOMMU_IOAS_IOVA_RANGES", IommuIoasIovaRanges.class),
            Map.entry("IOMMU_IOAS_ALLOW_IOVAS", IommuIoasAllowIovas.class),
            Map.entry("IOMMU_IOAS_MAP", IommuIoasMap.class),
            Map.entry("IOMMU_IOAS_MAP_FILE", IommuIoasMapFile.class),
            Map.entry("IOMMU_IOAS_COPY", IommuIoasCopy.class),
            Map.entry("IOMMU_IOAS_UNMAP", IommuIoasUnmap.class),
            Map.entry("IOMMU_OPTION", IommuOption.class),
            Map.entry("IOMMU_VFIO_IOAS", IommuVfioIoas.class),
            Map.entry("IOMMU_HWPT_ALLOC", IommuHwptAlloc.class),
            Map.entry("IOMMU_GET_HW_INFO", IommuHwInfo.class),
            Map.entry("IOMMU_HWPT_SET_DIRTY_TRACKING", IommuHwptSetDirtyTracking.class),
            Map.entry("IOMMU_HWPT_GET_DIRTY_BITMAP", IommuHwptGetDirtyBitmap.class));

    private ArgumentText() {}

    /** With a leading comma; empty for commands without argument. */
    static String of(String command, AddressSpace memory, long argument) {
        try (var arena = Arena.ofConfined()) {
            return switch (command) {
                case "VFIO_GET_API_VERSION", "VFIO_GROUP_UNSET_CONTAINER", "VFIO_DEVICE_RESET" -> "";
                case "VFIO_CHECK_EXTENSION", "VFIO_SET_IOMMU" -> ", " + argument;
                case "VFIO_GROUP_SET_CONTAINER" -> {
                    var fd = arena.allocate(Integer.BYTES, Integer.BYTES);
                    memory.read(argument, fd, 0, Integer.BYTES);
                    yield ", [" + fd.get(ValueLayout.JAVA_INT, 0) + "]";
                }
                case "FSL_MC_SEND_MC_COMMAND" -> McCommandText.of(memory, argument, arena);
                case "VFIO_GROUP_GET_DEVICE_FD" -> ", \"" + string(memory, argument, arena) + "\"";
                default -> struct(command, memory, argument, arena);
            };
        } catch (VfioException unreadable) {
            return ", 0x" + Long.toHexString(argument);
        }
    }

    private static String string(AddressSpace memory, long address, Arena arena) {
        var one = arena.allocate(1);
        var text = new ByteArrayOutputStream();
        for (int i = 0; i < LONGEST_NAME; i++) {
            memory.read(address + i, one, 0, 1);
            byte next = one.get(ValueLayout.JAVA_BYTE, 0);
            if (next == 0) {
                break;
            }
            text.write(next);
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    private static String struct(String command, AddressSpace memory, long argument, Arena arena) {
        Class<?> type = STRUCTS.get(command);
        if (type == null) {
            return ", 0x" + Long.toHexString(argument);
        }
        try {
            int size = type.getField("SIZEOF").getInt(null);
            // All structs start with their size; the program may know fewer fields.
            var struct = arena.allocate(size, Long.BYTES);
            memory.read(argument, struct, 0, Integer.BYTES);
            long stated = Integer.toUnsignedLong(struct.get(ValueLayout.JAVA_INT, 0));
            memory.read(argument, struct, 0, Math.max(Integer.BYTES, Math.min(size, stated)));
            var text = new StringBuilder(", {");
            for (Method field : fields(type)) {
                if (text.length() > 3) {
                    text.append(", ");
                }
                Object value = field.invoke(null, struct);
                text.append(field.getName())
                        .append('=')
                        .append(value instanceof Number number ? number(number) : value);
            }
            return text.append('}').toString();
        } catch (ReflectiveOperationException e) {
            return ", 0x" + Long.toHexString(argument);
        }
    }

    private static String number(Number value) {
        long number = value.longValue();
        return number >= 0 && number < 4096 ? Long.toString(number) : "0x" + hex(value, number);
    }

    private static String hex(Number value, long number) {
        return value instanceof Integer ? Integer.toHexString((int) number) : Long.toHexString(number);
    }

    /** Accessors that only read, in the order of the fields. */
    private static List<Method> fields(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(method ->
                        method.getParameterCount() == 1 && method.getParameterTypes()[0] == MemorySegment.class)
                .filter(method -> Number.class.isAssignableFrom(wrapper(method.getReturnType())))
                .filter(method -> offset(type, method) >= 0)
                .sorted(Comparator.comparingInt(method -> offset(type, method)))
                .toList();
    }

    private static Class<?> wrapper(Class<?> type) {
        return MethodType.methodType(type).wrap().returnType();
    }

    private static int offset(Class<?> type, Method accessor) {
        String constant = accessor.getName().replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT) + "_OFFSET";
        try {
            return type.getField(constant).getInt(null);
        } catch (ReflectiveOperationException e) {
            return -1;
        }
    }
}
