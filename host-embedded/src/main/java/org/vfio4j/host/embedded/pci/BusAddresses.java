// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Hands out bus addresses as firmware does: naturally aligned, upwards, what is behind one bridge together. Used by the one
 * thread that builds the machine.
 */
public final class BusAddresses {
    private static final long MEMORY_END = 0xfec0_0000L;
    private static final long IO_END = 0x1_0000L;
    private static final long IO_WINDOW = 0x1000;
    private static final long MEMORY_WINDOW = 0x10_0000;

    private long io = 0x1000;
    private long memory = 0xc000_0000L;
    private long wideMemory = 0x40_0000_0000L;

    /** Where the next addresses come from: the begin of a bridge's windows, aligned for them. */
    public long[] openWindow() {
        io = align(io, IO_WINDOW);
        memory = align(memory, MEMORY_WINDOW);
        return new long[] {io, memory};
    }

    /** Ends a bridge's windows; inclusive bounds, first above last when nothing is behind the bridge. */
    public Windows closeWindow(long[] opened) {
        io = align(io, IO_WINDOW);
        memory = align(memory, MEMORY_WINDOW);
        return new Windows(
                io == opened[0] ? new long[] {0xf000, 0x0fff} : new long[] {opened[0], io - 1},
                memory == opened[1] ? new long[] {0xfff0_0000L, 0x000f_ffffL} : new long[] {opened[1], memory - 1});
    }

    /**
     * What a bridge passes on.
     *
     * @param io first and last port
     * @param memory first and last memory address
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Windows(long[] io, long[] memory) {
        /** Nothing behind the bridge. */
        public static Windows closed() {
            return new Windows(new long[] {0xf000, 0x0fff}, new long[] {0xfff0_0000L, 0x000f_ffffL});
        }
    }

    /**
     * Gives addresses to resources that have a length but no start.
     *
     * @throws VfioException EINVAL when the machine's address space is full
     */
    public List<PciResource> assign(List<PciResource> wanted) {
        var assigned = new ArrayList<PciResource>();
        for (var resource : wanted) {
            assigned.add(!resource.present() || resource.start() != 0 ? resource : place(resource));
        }
        return assigned;
    }

    /**
     * Gives addresses to a register that several functions have, one after the other; answers the first one's.
     *
     * @throws VfioException EINVAL when the machine's address space is full
     */
    PciResource assign(PciResource wanted, int count) {
        var first = place(wanted);
        for (int i = 1; i < count; i++) {
            place(wanted);
        }
        return first;
    }

    private PciResource place(PciResource resource) {
        long length = resource.length();
        long start;
        if (resource.kind() == PciResource.Kind.IO) {
            start = align(io, length);
            io = end(start, length, IO_END, "port");
        } else if (resource.wide() && resource.prefetchable()) {
            start = align(wideMemory, length);
            wideMemory = end(start, length, 1L << 46, "64-bit memory");
        } else {
            start = align(memory, length);
            memory = end(start, length, MEMORY_END, "32-bit memory");
        }
        return new PciResource(start, length, resource.kind(), resource.prefetchable(), resource.wide());
    }

    private static long end(long start, long length, long limit, String space) {
        if (start < 0 || length > limit || start > limit - length) {
            throw new VfioException(
                    Errno.EINVAL,
                    "the machine's " + space + " space has no room for a register of 0x" + Long.toHexString(length)
                            + " bytes");
        }
        return start + length;
    }

    private static long align(long address, long alignment) {
        return (address + alignment - 1) & -alignment;
    }
}
