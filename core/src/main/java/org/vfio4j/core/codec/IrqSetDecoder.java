// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioIrqSet;

/** Turns SET_IRQS into an {@link IrqSet}, checked as core HP-2 says; the action bits are the driver's to check. */
final class IrqSetDecoder {
    private static final int ALL_FLAGS = VfioIrq.VFIO_IRQ_SET_DATA_TYPE_MASK | VfioIrq.VFIO_IRQ_SET_ACTION_TYPE_MASK;

    private IrqSetDecoder() {}

    static IrqSet decode(Caller caller, UserArgument argument, DeviceOps ops) {
        var header = argument.read(VfioIrqSet.SIZEOF, VfioIrqSet.SIZEOF);
        int argsz = VfioIrqSet.argsz(header);
        int flags = VfioIrqSet.flags(header);
        int index = VfioIrqSet.index(header);
        long start = Integer.toUnsignedLong(VfioIrqSet.start(header));
        long count = Integer.toUnsignedLong(VfioIrqSet.count(header));
        UserArgument.requireArgsz("HP-2", "SET_IRQS", argsz, VfioIrqSet.SIZEOF);
        if (count >= 0xffffffffL - start || (flags & ~ALL_FLAGS) != 0) {
            throw refused(index, start, count, flags, "there is no such range or flag");
        }
        long available = Integer.toUnsignedLong(ops.irqLimit(index)); // EINVAL for an index that does not exist
        if (start >= available || start + count > available) {
            throw refused(index, start, count, flags, "the index has " + available + " vectors");
        }
        int size = elementSize(index, start, count, flags);
        if (Integer.toUnsignedLong(argsz) - VfioIrqSet.SIZEOF < count * size) {
            throw refused(index, start, count, flags, "argsz " + argsz + " leaves no room for the data");
        }
        var data = argument.readAt(VfioIrqSet.DATA_OFFSET, count * size);
        return new IrqSet(
                index,
                flags & VfioIrq.VFIO_IRQ_SET_ACTION_TYPE_MASK,
                (int) start,
                (int) count,
                decodeData(caller, flags, data, (int) count));
    }

    private static int elementSize(int index, long start, long count, int flags) {
        return switch (flags & VfioIrq.VFIO_IRQ_SET_DATA_TYPE_MASK) {
            case VfioIrq.VFIO_IRQ_SET_DATA_NONE -> 0;
            case VfioIrq.VFIO_IRQ_SET_DATA_BOOL -> Byte.BYTES;
            case VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD -> Integer.BYTES;
            default -> throw refused(index, start, count, flags, "not exactly one kind of data is given");
        };
    }

    private static IrqSet.Data decodeData(Caller caller, int flags, MemorySegment data, int count) {
        return switch (flags & VfioIrq.VFIO_IRQ_SET_DATA_TYPE_MASK) {
            case VfioIrq.VFIO_IRQ_SET_DATA_BOOL -> {
                List<Boolean> values = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    values.add(data.get(ValueLayout.JAVA_BYTE, i) != 0);
                }
                yield new IrqSet.Bools(values);
            }
            case VfioIrq.VFIO_IRQ_SET_DATA_EVENTFD -> {
                List<IrqSet.Slot> slots = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    slots.add(new DescriptorSlot(caller, data.get(UapiLayouts.S32, (long) i * Integer.BYTES)));
                }
                yield new IrqSet.Events(slots);
            }
            default -> new IrqSet.None();
        };
    }

    private static VfioException refused(int index, long start, long count, int flags, String why) {
        return new VfioException(
                Errno.EINVAL,
                "HP-2",
                "SET_IRQS refused: index " + Integer.toUnsignedString(index) + ", start " + start + ", count " + count
                        + ", flags 0x" + Integer.toHexString(flags) + ": " + why);
    }

    /** A descriptor that is looked up when its turn comes. */
    private record DescriptorSlot(Caller caller, int descriptor) implements IrqSet.Slot {
        @Override
        public @Nullable EventFile event() {
            if (descriptor < 0) {
                return null;
            }
            return caller.files().event(descriptor);
        }
    }
}
