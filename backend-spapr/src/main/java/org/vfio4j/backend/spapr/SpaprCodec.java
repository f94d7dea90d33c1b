// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.TceOperations.TceInfo;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioSpapr;
import org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceCreate;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceDdwInfo;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceInfo;
import org.vfio4j.uapi.struct.VfioIommuSpaprTceRemove;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;

/**
 * Raw calls of a SPAPR container: structs in, typed operations, structs out (kernel: {@code tce_iommu_ioctl}). Thread-safe.
 * Spec: spapr §1, §2 rules 4 and 6, and the order of checks in §5 to §9.
 */
final class SpaprCodec {
    /** Room for the largest struct. Filled and used up before anything else is called. */
    private static final ThreadLocal<MemorySegment> SCRATCH =
            ThreadLocal.withInitial(() -> MemorySegment.ofArray(new long[VfioIommuSpaprTceCreate.SIZEOF / Long.BYTES]));

    private final InstanceState state;
    private final DmaOperations dma;
    private final WindowOperations windows;
    private final Registration registration;
    private final Enabling enabling;

    SpaprCodec(
            InstanceState state,
            DmaOperations dma,
            WindowOperations windows,
            Registration registration,
            Enabling enabling) {
        this.state = state;
        this.dma = dma;
        this.windows = windows;
        this.registration = registration;
        this.enabling = enabling;
    }

    long ioctl(Caller caller, int command, long argument) {
        state.owner.requireNotForeign("ioctl", caller);
        return switch (command) {
            case VfioIoctl.VFIO_IOMMU_MAP_DMA -> map(caller, argument);
            case VfioIoctl.VFIO_IOMMU_UNMAP_DMA -> unmap(caller, argument);
            case VfioIoctl.VFIO_IOMMU_SPAPR_TCE_GET_INFO -> getInfo(caller, argument);
            case VfioIoctl.VFIO_IOMMU_ENABLE -> {
                enabling.enable(caller);
                yield 0;
            }
            case VfioIoctl.VFIO_IOMMU_DISABLE -> {
                enabling.disable(caller);
                yield 0;
            }
            case VfioIoctl.VFIO_IOMMU_SPAPR_REGISTER_MEMORY -> register(caller, argument);
            case VfioIoctl.VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY -> unregister(caller, argument);
            case VfioIoctl.VFIO_IOMMU_SPAPR_TCE_CREATE -> create(caller, argument);
            case VfioIoctl.VFIO_IOMMU_SPAPR_TCE_REMOVE -> remove(caller, argument);
            case VfioIoctl.VFIO_EEH_PE_OP -> eehPeOp();
            default ->
                throw Refusal.of(
                        Errno.ENOTTY,
                        "ioctl " + hex(Integer.toUnsignedLong(command)),
                        "a spapr container does not know it");
        };
    }

    private long map(Caller caller, long argument) {
        state.requireEnabled("MAP_DMA", caller);
        MemorySegment struct = read(caller, argument, VfioIommuType1DmaMap.SIZEOF);
        requireArgsz("MAP_DMA", VfioIommuType1DmaMap.argsz(struct), VfioIommuType1DmaMap.MIN_ARGSZ);
        return dma.map(
                caller,
                VfioIommuType1DmaMap.flags(struct),
                VfioIommuType1DmaMap.vaddr(struct),
                VfioIommuType1DmaMap.iova(struct),
                VfioIommuType1DmaMap.size(struct));
    }

    private long unmap(Caller caller, long argument) {
        state.requireEnabled("UNMAP_DMA", caller);
        MemorySegment struct = read(caller, argument, VfioIommuType1DmaUnmap.SIZEOF);
        requireArgsz("UNMAP_DMA", VfioIommuType1DmaUnmap.argsz(struct), VfioIommuType1DmaUnmap.MIN_ARGSZ);
        return dma.unmap(
                caller,
                VfioIommuType1DmaUnmap.flags(struct),
                VfioIommuType1DmaUnmap.iova(struct),
                VfioIommuType1DmaUnmap.size(struct));
    }

    private long getInfo(Caller caller, long argument) {
        TceInfo info = windows.info(caller);
        MemorySegment struct = read(caller, argument, VfioIommuSpaprTceInfo.MIN_ARGSZ);
        int argsz = VfioIommuSpaprTceInfo.argsz(struct);
        requireArgsz("TCE_GET_INFO", argsz, VfioIommuSpaprTceInfo.MIN_ARGSZ);
        VfioIommuSpaprTceInfo.flags(struct, info.maxWindows() != 0 ? VfioSpapr.VFIO_IOMMU_SPAPR_INFO_DDW : 0);
        VfioIommuSpaprTceInfo.dma32WindowStart(struct, (int) info.dma32Start());
        VfioIommuSpaprTceInfo.dma32WindowSize(struct, (int) info.dma32Size());
        MemorySegment ddw = VfioIommuSpaprTceInfo.ddw(struct);
        VfioIommuSpaprTceDdwInfo.pgsizes(ddw, info.pageSizes());
        VfioIommuSpaprTceDdwInfo.maxDynamicWindowsSupported(ddw, info.maxWindows());
        VfioIommuSpaprTceDdwInfo.levels(ddw, info.maxLevels());
        boolean whole = Integer.compareUnsigned(argsz, VfioIommuSpaprTceInfo.SIZEOF) >= 0;
        caller.memory()
                .write(argument, struct, 0, whole ? VfioIommuSpaprTceInfo.SIZEOF : VfioIommuSpaprTceInfo.MIN_ARGSZ);
        return 0;
    }

    private long register(Caller caller, long argument) {
        registration.prepareRegister(caller);
        MemorySegment struct = readRegisterMemory("REGISTER_MEMORY", caller, argument);
        registration.register(
                caller, VfioIommuSpaprRegisterMemory.vaddr(struct), VfioIommuSpaprRegisterMemory.size(struct));
        return 0;
    }

    private long unregister(Caller caller, long argument) {
        registration.prepareUnregister(caller);
        MemorySegment struct = readRegisterMemory("UNREGISTER_MEMORY", caller, argument);
        registration.unregister(
                caller, VfioIommuSpaprRegisterMemory.vaddr(struct), VfioIommuSpaprRegisterMemory.size(struct));
        return 0;
    }

    private static MemorySegment readRegisterMemory(String operation, Caller caller, long argument) {
        MemorySegment struct = read(caller, argument, VfioIommuSpaprRegisterMemory.SIZEOF);
        requireArgsz(operation, VfioIommuSpaprRegisterMemory.argsz(struct), VfioIommuSpaprRegisterMemory.MIN_ARGSZ);
        requireNoFlags(operation, VfioIommuSpaprRegisterMemory.flags(struct));
        return struct;
    }

    private long create(Caller caller, long argument) {
        windows.prepareCreate(caller);
        // Not the scratch: the struct is copied back as a whole after the window was made.
        MemorySegment struct = MemorySegment.ofArray(new long[VfioIommuSpaprTceCreate.SIZEOF / Long.BYTES]);
        caller.memory().read(argument, struct, 0, VfioIommuSpaprTceCreate.SIZEOF);
        requireArgsz("TCE_CREATE", VfioIommuSpaprTceCreate.argsz(struct), VfioIommuSpaprTceCreate.MIN_ARGSZ);
        requireNoFlags("TCE_CREATE", VfioIommuSpaprTceCreate.flags(struct));
        long start = windows.create(
                caller,
                VfioIommuSpaprTceCreate.pageShift(struct),
                VfioIommuSpaprTceCreate.windowSize(struct),
                VfioIommuSpaprTceCreate.levels(struct));
        VfioIommuSpaprTceCreate.startAddr(struct, start);
        caller.memory().write(argument, struct, 0, VfioIommuSpaprTceCreate.SIZEOF);
        return 0;
    }

    private long remove(Caller caller, long argument) {
        windows.prepareRemove(caller);
        MemorySegment struct = read(caller, argument, VfioIommuSpaprTceRemove.SIZEOF);
        requireArgsz("TCE_REMOVE", VfioIommuSpaprTceRemove.argsz(struct), VfioIommuSpaprTceRemove.MIN_ARGSZ);
        requireNoFlags("TCE_REMOVE", VfioIommuSpaprTceRemove.flags(struct));
        windows.remove(caller, VfioIommuSpaprTceRemove.startAddr(struct));
        return 0;
    }

    /** No group has an endpoint that could be frozen and recovered: refused before the argument is read. */
    private long eehPeOp() {
        long stamp = state.configurationLock.readLock();
        try {
            if (state.groups.isEmpty()) {
                return 0;
            }
            throw Refusal.of(Errno.ENODEV, "EEH_PE_OP", state.groups.list().getFirst() + " has no EEH endpoint");
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }

    private static MemorySegment read(Caller caller, long address, int size) {
        MemorySegment struct = SCRATCH.get();
        caller.memory().read(address, struct, 0, size);
        return struct;
    }

    private static void requireArgsz(String operation, int argsz, int least) {
        if (Integer.compareUnsigned(argsz, least) < 0) {
            throw Refusal.of(
                    Errno.EINVAL, operation, "argsz " + Integer.toUnsignedString(argsz) + " is less than " + least);
        }
    }

    private static void requireNoFlags(String operation, int flags) {
        if (flags != 0) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "flags " + hex(Integer.toUnsignedLong(flags)) + " are given, none is defined");
        }
    }
}
