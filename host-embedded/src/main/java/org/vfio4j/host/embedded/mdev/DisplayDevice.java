// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioGfxPlane;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceGfxPlaneInfo;

/**
 * A plain framebuffer: its memory is the picture, which a grey gradient fills at first and after a reset. It never reaches
 * its user's memory. Spec: mdev §10.
 */
final class DisplayDevice implements SampleModel {
    /** The region that QUERY_GFX_PLANE names; the same bytes as BAR 0. */
    private static final int DISPLAY_REGION = 16;

    /** Where the memory lies in the device's file. */
    private static final int MEMORY_OFFSET = 4096;

    private static final int PROT_WRITE = 2;
    private static final int BRIGHTEST = 255;
    private static final long EVERY_BYTE = 0x0101_0101_0101_0101L;

    private final DisplayType type;
    private final SharedRegisters memory;

    /** Guards {@link #config}; a leaf. */
    private final ReentrantLock registerLock = new ReentrantLock();

    private final DisplayConfigSpace config;

    /** Interrupts are known once GET_INFO has told of them. */
    private volatile boolean described;

    DisplayDevice(DisplayType type, Function<SharedRegisters.Layout, SharedRegisters> registers) {
        this.type = type;
        this.config = new DisplayConfigSpace(type);
        this.memory = registers.apply(new SharedRegisters.Layout(type.memory(), MEMORY_OFFSET, List.of()));
        reset();
    }

    /** Gives the memory back. */
    void free() {
        memory.close();
    }

    @Override
    public Map<String, DeviceAttribute> attributes(UUID uuid) {
        return Map.of("vendor/resolution", TextAttribute.line(type::resolution));
    }

    @Override
    public void open(UserMemory userMemory) {}

    @Override
    public void close() {}

    /** It never pins. */
    @Override
    public void dmaUnmap(long iova, long length) {}

    @Override
    public DeviceInfo info() {
        described = true;
        return new DeviceInfo(
                        VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_PCI,
                        VfioPci.VFIO_PCI_NUM_REGIONS,
                        VfioPci.VFIO_PCI_NUM_IRQS)
                .withoutCapabilities();
    }

    @Override
    public RegionInfo regionInfo(int index) {
        int access = VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE;
        return switch (index) {
            case VfioPci.VFIO_PCI_CONFIG_REGION_INDEX -> new RegionInfo(index, access, DisplayConfigSpace.LENGTH, 0);
            case VfioPci.VFIO_PCI_BAR0_REGION_INDEX, DISPLAY_REGION ->
                new RegionInfo(index, access | VfioRegion.VFIO_REGION_INFO_FLAG_MMAP, type.memory(), MEMORY_OFFSET);
            default -> {
                if (index < 0 || index >= VfioPci.VFIO_PCI_NUM_REGIONS) {
                    throw invalid("there is no region " + Integer.toUnsignedString(index));
                }
                yield new RegionInfo(index, 0, 0, 0);
            }
        };
    }

    @Override
    public IrqInfo irqInfo(int index) {
        if (!described || index < 0 || index >= VfioPci.VFIO_PCI_NUM_IRQS) {
            throw invalid("there is no interrupt index " + Integer.toUnsignedString(index)
                    + (described ? "" : " before GET_INFO"));
        }
        return new IrqInfo(index, 0, 0);
    }

    @Override
    public long setIrqs(IrqSet request) {
        throw invalid("a display has no interrupts");
    }

    /** Row y of the picture is filled with byte y * 255 / height. */
    @Override
    public void reset() {
        memory.clear();
        for (int row = 0; row < type.height(); row++) {
            long word = row * BRIGHTEST / type.height() * EVERY_BYTE;
            for (int at = 0; at < type.stride(); at += Long.BYTES) {
                memory.set((long) row * type.stride() + at, Long.BYTES, word);
            }
        }
    }

    @Override
    public long read(long position, MemorySegment target) {
        return access(position, target, false);
    }

    @Override
    public long write(long position, MemorySegment source) {
        return access(position, source, true);
    }

    /** Chunks of 1, 2, 4 and in memory 8 bytes, as far as positions are aligned. */
    private long access(long position, MemorySegment user, boolean write) {
        long count = user.byteSize();
        boolean inConfig = inside(position, count, 0, DisplayConfigSpace.LENGTH);
        if (!inConfig && !inside(position, count, MEMORY_OFFSET, type.memory())) {
            throw new VfioException(
                    Errno.EFAULT,
                    (write ? "write" : "read") + " refused: " + count + " bytes at 0x" + Long.toHexString(position)
                            + " are neither in configuration space nor in memory");
        }
        int widest = inConfig ? Integer.BYTES : Long.BYTES;
        for (long done = 0; done < count; ) {
            int size = size(position + done, count - done, widest);
            if (inConfig) {
                config((int) (position + done), user, done, size, write);
            } else {
                memory(position + done - MEMORY_OFFSET, user, done, size, write);
            }
            done += size;
        }
        return count;
    }

    private static boolean inside(long position, long count, long start, long length) {
        return position >= start && count <= length && position - start <= length - count;
    }

    private static int size(long position, long left, int widest) {
        int size = widest;
        while (position % size != 0 || size > left) {
            size /= 2;
        }
        return size;
    }

    private void config(int offset, MemorySegment user, long at, int size, boolean write) {
        registerLock.lock();
        try {
            if (write) {
                config.write(offset, user, at, size);
            } else {
                config.read(offset, user, at, size);
            }
        } finally {
            registerLock.unlock();
        }
    }

    private void memory(long offset, MemorySegment user, long at, int size, boolean write) {
        switch (size) {
            case Long.BYTES -> {
                if (write) {
                    memory.write(offset, size, user.get(UapiLayouts.U64, at));
                } else {
                    user.set(UapiLayouts.U64, at, memory.read(offset, size));
                }
            }
            case Integer.BYTES -> {
                if (write) {
                    memory.write(offset, size, user.get(UapiLayouts.U32, at));
                } else {
                    user.set(UapiLayouts.U32, at, (int) memory.read(offset, size));
                }
            }
            case Short.BYTES -> {
                if (write) {
                    memory.write(offset, size, user.get(UapiLayouts.U16, at));
                } else {
                    user.set(UapiLayouts.U16, at, (short) memory.read(offset, size));
                }
            }
            default -> {
                if (write) {
                    memory.write(offset, size, user.get(ValueLayout.JAVA_BYTE, at));
                } else {
                    user.set(ValueLayout.JAVA_BYTE, at, (byte) memory.read(offset, size));
                }
            }
        }
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        if (offset != MEMORY_OFFSET || length <= 0 || length > type.memory() || !shared || !memory.mappable()) {
            throw invalid("mmap of 0x" + Long.toHexString(length) + " bytes at 0x" + Long.toHexString(offset)
                    + ": only memory can be mapped, 0x" + Integer.toHexString(type.memory()) + " bytes at 0x"
                    + Integer.toHexString(MEMORY_OFFSET) + ", and shared");
        }
        return new DisplayMapping(memory, length, (protection & PROT_WRITE) != 0);
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        if (command != VfioIoctl.VFIO_DEVICE_QUERY_GFX_PLANE) {
            return SampleModel.super.ioctl(caller, command, argument);
        }
        try (var arena = Arena.ofConfined()) {
            var plane = arena.allocate(VfioDeviceGfxPlaneInfo.SIZEOF, Long.BYTES);
            caller.memory().read(argument, plane, 0, VfioDeviceGfxPlaneInfo.MIN_ARGSZ);
            describe(plane);
            caller.memory().write(argument, plane, 0, VfioDeviceGfxPlaneInfo.MIN_ARGSZ);
            return 0;
        }
    }

    /** QUERY_GFX_PLANE: there is one way to the picture. */
    private void describe(MemorySegment plane) {
        int argsz = VfioDeviceGfxPlaneInfo.argsz(plane);
        int flags = VfioDeviceGfxPlaneInfo.flags(plane);
        if (Integer.compareUnsigned(argsz, VfioDeviceGfxPlaneInfo.MIN_ARGSZ) < 0) {
            throw invalid("QUERY_GFX_PLANE with argsz " + Integer.toUnsignedString(argsz));
        }
        if (flags == (VfioGfxPlane.VFIO_GFX_PLANE_TYPE_PROBE | VfioGfxPlane.VFIO_GFX_PLANE_TYPE_REGION)) {
            return;
        }
        if (flags != VfioGfxPlane.VFIO_GFX_PLANE_TYPE_REGION) {
            throw invalid(
                    "QUERY_GFX_PLANE with flags 0x" + Integer.toHexString(flags) + ": the picture is in a region");
        }
        VfioDeviceGfxPlaneInfo.drmFormat(plane, DisplayConfigSpace.FORMAT);
        VfioDeviceGfxPlaneInfo.width(plane, type.width());
        VfioDeviceGfxPlaneInfo.height(plane, type.height());
        VfioDeviceGfxPlaneInfo.stride(plane, type.stride());
        VfioDeviceGfxPlaneInfo.size(plane, type.memory());
        VfioDeviceGfxPlaneInfo.xPos(plane, 0);
        VfioDeviceGfxPlaneInfo.yPos(plane, 0);
        VfioDeviceGfxPlaneInfo.regionIndex(plane, DISPLAY_REGION);
    }

    private static VfioException invalid(String reason) {
        return new VfioException(Errno.EINVAL, "refused: " + reason);
    }
}
