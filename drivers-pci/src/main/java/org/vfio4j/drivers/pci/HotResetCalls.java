// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.device.HotResetOps;
import org.vfio4j.spi.device.VfioGroupFile;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioPciDependentDevice;
import org.vfio4j.uapi.struct.VfioPciHotReset;
import org.vfio4j.uapi.struct.VfioPciHotResetInfo;

/** GET_PCI_HOT_RESET_INFO and PCI_HOT_RESET as raw calls, in the check order of the kernel. Spec: pci §14.2, §14.4. */
final class HotResetCalls {
    private static final String INFO = "GET_PCI_HOT_RESET_INFO";
    private static final String RESET = "PCI_HOT_RESET";

    private HotResetCalls() {}

    /** GET_PCI_HOT_RESET_INFO. A caller with too little room learns how many entries there are. */
    static long info(HotReset reset, Caller caller, long argument) {
        try (var arena = Arena.ofConfined()) {
            var header = arena.allocate(VfioPciHotResetInfo.SIZEOF);
            caller.memory().read(argument, header, 0, header.byteSize());
            int argsz = VfioPciHotResetInfo.argsz(header);
            requireHeader(INFO, argsz);
            var scope = reset.scope(INFO);
            int needed = scope.affected().size();
            long room = (Integer.toUnsignedLong(argsz) - header.byteSize()) / VfioPciDependentDevice.SIZEOF;
            VfioPciHotResetInfo.flags(header, 0);
            VfioPciHotResetInfo.count(header, needed);
            if (room < needed) {
                caller.memory().write(argument, header, 0, header.byteSize());
                throw new VfioException(
                        Errno.ENOSPC, "pci §14.2", INFO + " refused: room for " + room + " of " + needed + " entries");
            }
            var affected = reset.affected(scope, needed);
            var entries = entries(arena, affected);
            caller.memory().write(argument + header.byteSize(), entries, 0, entries.byteSize());
            VfioPciHotResetInfo.flags(header, reset.openThroughOwnFile() ? flags(affected) : 0);
            VfioPciHotResetInfo.count(header, affected.size());
            caller.memory().write(argument, header, 0, header.byteSize());
        }
        return 0;
    }

    private static MemorySegment entries(Arena arena, List<HotResetOps.Affected> affected) {
        var entries = arena.allocate((long) affected.size() * VfioPciDependentDevice.SIZEOF);
        long at = 0;
        for (var one : affected) {
            var entry = entries.asSlice(at, VfioPciDependentDevice.SIZEOF);
            var address = ((PciFunction) one.device()).address();
            VfioPciDependentDevice.groupId(entry, one.id());
            VfioPciDependentDevice.segment(entry, address.segment());
            VfioPciDependentDevice.bus(entry, address.bus());
            VfioPciDependentDevice.devfn(entry, address.devfn());
            at += VfioPciDependentDevice.SIZEOF;
        }
        return entries;
    }

    private static int flags(List<HotResetOps.Affected> affected) {
        boolean owned = affected.stream().noneMatch(one -> one.id() == VfioPci.VFIO_PCI_DEVID_NOT_OWNED);
        return VfioPci.VFIO_PCI_HOT_RESET_FLAG_DEV_ID | (owned ? VfioPci.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED : 0);
    }

    /** PCI_HOT_RESET. The group files stay open until the reset is done. */
    static long reset(HotReset reset, Caller caller, long argument) {
        Deque<FileReference> files = new ArrayDeque<>();
        try (var arena = Arena.ofConfined()) {
            var header = arena.allocate(VfioPciHotReset.SIZEOF);
            caller.memory().read(argument, header, 0, header.byteSize());
            requireHeader(RESET, VfioPciHotReset.argsz(header));
            int flags = VfioPciHotReset.flags(header);
            if (flags != 0) {
                throw new VfioException(
                        Errno.EINVAL,
                        "pci §14.4",
                        RESET + " refused: flags 0x" + Integer.toHexString(flags) + " mean nothing");
            }
            int count = VfioPciHotReset.count(header);
            reset.requireProofs(count);
            var scope = reset.scope(RESET);
            HotReset.requireNotMore(scope, count);
            var descriptors = arena.allocate(UapiLayouts.S32, count);
            caller.memory().read(argument + header.byteSize(), descriptors, 0, descriptors.byteSize());
            var groups = new ArrayList<VfioGroupFile>();
            for (int i = 0; i < count; i++) {
                var file = caller.files().get(descriptors.getAtIndex(UapiLayouts.S32, i));
                files.push(file);
                groups.add(group(descriptors.getAtIndex(UapiLayouts.S32, i), file));
            }
            reset.operate(scope, groups);
        } finally {
            files.forEach(FileReference::close);
        }
        return 0;
    }

    private static VfioGroupFile group(int descriptor, FileReference reference) {
        if (reference.file() instanceof VfioGroupFile group) {
            return group;
        }
        throw new VfioException(
                Errno.EINVAL, "pci §14.4", RESET + " refused: descriptor " + descriptor + " is no VFIO group");
    }

    private static void requireHeader(String call, int argsz) {
        if (Integer.compareUnsigned(argsz, VfioPciHotReset.MIN_ARGSZ) < 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §14.4",
                    call + " refused: argsz " + argsz + " is less than " + VfioPciHotReset.MIN_ARGSZ);
        }
    }
}
