// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * Reads and writes of BAR regions: naturally aligned accesses of at most eight bytes, each of which reaches the device as
 * one. Does not allocate. Spec: pci §10.
 */
final class BarAccess {
    private final PciFunction function;
    private final DeviceMemory memory;
    private final BarRegions regions;
    private final @Nullable MsixTable table;

    BarAccess(PciFunction function, DeviceMemory memory, BarRegions regions, @Nullable MsixTable table) {
        this.function = function;
        this.memory = memory;
        this.regions = regions;
        this.table = table;
    }

    /** Reads up to the register's end. */
    long read(int bar, long offset, MemorySegment target) {
        long count = checkedCount(bar, offset, target.byteSize());
        boolean decoded = isMemory(bar);
        for (long done = 0; done < count; ) {
            long at = offset + done;
            int size = chunk(bar, at, count - done);
            long value = inTable(bar, at) ? -1 : readOnce(bar, at, size, decoded);
            switch (size) {
                case 1 -> target.set(UapiLayouts.U8, done, (byte) value);
                case 2 -> target.set(UapiLayouts.U16, done, (short) value);
                case 4 -> target.set(UapiLayouts.U32, done, (int) value);
                default -> target.set(UapiLayouts.U64, done, value);
            }
            done += size;
        }
        return count;
    }

    /** Writes up to the register's end. */
    long write(int bar, long offset, MemorySegment source) {
        long count = checkedCount(bar, offset, source.byteSize());
        boolean decoded = isMemory(bar);
        for (long done = 0; done < count; ) {
            long at = offset + done;
            int size = chunk(bar, at, count - done);
            long value = switch (size) {
                case 1 -> source.get(UapiLayouts.U8, done) & 0xffL;
                case 2 -> source.get(UapiLayouts.U16, done) & 0xffffL;
                case 4 -> source.get(UapiLayouts.U32, done) & 0xffff_ffffL;
                default -> source.get(UapiLayouts.U64, done);
            };
            if (!inTable(bar, at)) {
                writeOnce(bar, at, size, value, decoded);
            }
            done += size;
        }
        return count;
    }

    private long checkedCount(int bar, long offset, long count) {
        long length = function.resource(bar).length();
        if (offset >= length) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": no byte 0x" + Long.toHexString(offset) + " in BAR " + bar + ", which has 0x"
                            + Long.toHexString(length));
        }
        regions.checkReserved(bar);
        return Math.min(count, length - offset);
    }

    private boolean isMemory(int bar) {
        return function.resource(bar).kind() == PciResource.Kind.MEMORY;
    }

    private boolean inTable(int bar, long at) {
        return table != null && table.contains(bar, at);
    }

    /** Width of the next access: aligned, and on one side of the vector table's edges. */
    private int chunk(int bar, long at, long left) {
        long most = left;
        if (table != null && table.bar() == bar) {
            if (at < table.start()) {
                most = Math.min(most, table.start() - at);
            } else if (at < table.start() + table.length()) {
                most = Math.min(most, table.start() + table.length() - at);
            }
        }
        if (most >= 8 && (at & 7) == 0) {
            return 8;
        }
        if (most >= 4 && (at & 3) == 0) {
            return 4;
        }
        return most >= 2 && (at & 1) == 0 ? 2 : 1;
    }

    private long readOnce(int bar, long at, int size, boolean decoded) {
        if (!decoded) {
            return function.readBar(bar, at, size);
        }
        memory.enterRead();
        try {
            checkAccessible(bar);
            return function.readBar(bar, at, size);
        } finally {
            memory.leaveRead();
        }
    }

    /** One write. I/O ports are not protected by memory decoding. */
    void writeOnce(int bar, long at, int size, long value, boolean decoded) {
        if (!decoded) {
            function.writeBar(bar, at, size, value);
            return;
        }
        memory.enterRead();
        try {
            checkAccessible(bar);
            function.writeBar(bar, at, size, value);
        } finally {
            memory.leaveRead();
        }
    }

    /** A write nobody waits for: dropped while memory is away. Any alignment, as bytes where hardware wants it. */
    void writeIfAccessible(int bar, long at, int size, long value) {
        boolean decoded = isMemory(bar);
        memory.enterRead();
        try {
            if (decoded && !memory.accessible()) {
                return;
            }
            if ((at & size - 1) == 0) {
                function.writeBar(bar, at, size, value);
            } else {
                for (int i = 0; i < size; i++) {
                    function.writeBar(bar, at + i, 1, (value >>> (8 * i)) & 0xff);
                }
            }
        } finally {
            memory.leaveRead();
        }
    }

    private void checkAccessible(int bar) {
        if (!memory.accessible()) {
            throw new VfioException(
                    Errno.EIO,
                    function.name() + ": BAR " + bar + " does not answer, memory decoding is off or it sleeps");
        }
    }
}
