// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;

/**
 * IOAS object: an I/O address space (kernel: {@code struct iommufd_ioas}). Hardware page tables and accesses hold users on
 * it, areas do not. The typed operations of its ioctls are here. Spec: iommufd §5.1 to §5.7.
 */
final class Ioas extends IommufdObject {
    private static final int MAP_FLAGS = IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA
            | IommufdIoas.IOMMU_IOAS_MAP_WRITEABLE
            | IommufdIoas.IOMMU_IOAS_MAP_READABLE;

    /** All ones: never a valid address or length. */
    private static final long NOTHING = -1;

    /**
     * The IOAS mutex: automatic choice of a hardware page table and {@link #hwpts}. The outermost lock of the backend: taken
     * before a group's lock and before those of the engine.
     */
    final ReentrantLock hwptLock = new ReentrantLock();

    /** Hardware page tables in order of creation. Guarded by {@link #hwptLock}. */
    final List<HwPageTable> hwpts = new ArrayList<>();

    private final Context context;
    private final IoPageTable engine;
    private final IoasMapper mapper;
    private final IoasUnmapper unmapper;

    Ioas(Context context) {
        this.context = context;
        this.engine = new IoPageTable(context.pageSize(), context.errors());
        this.mapper = new IoasMapper(engine);
        this.unmapper = new IoasUnmapper(engine);
    }

    @Override
    String kind() {
        return "IOAS";
    }

    IoPageTable engine() {
        return engine;
    }

    /** Areas are not in any hardware and not pinned when this is called: letting go of their pages is all. */
    @Override
    void free() {
        engine.dropAreas();
        engine.errors.reportIf(engine.tables().length != 0 || engine.accesses().length != 0, "an IOAS died in use");
    }

    /**
     * The flag and overflow checks of MAP and COPY that come before any lookup.
     *
     * @throws VfioException EOPNOTSUPP, EOVERFLOW, EINVAL
     */
    static void checkMapRequest(int flags, long iova, long length) {
        if ((flags & ~MAP_FLAGS) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "MAP refused: unknown flags 0x" + Integer.toHexString(flags));
        }
        if (iova == NOTHING || length == NOTHING) {
            throw new VfioException(Errno.EOVERFLOW, "MAP refused: iova or length is all ones");
        }
        if ((flags & (IommufdIoas.IOMMU_IOAS_MAP_READABLE | IommufdIoas.IOMMU_IOAS_MAP_WRITEABLE)) == 0) {
            throw new VfioException(Errno.EINVAL, "MAP refused: neither readable nor writeable");
        }
    }

    /** The access that map flags give the device. */
    static int protection(int flags) {
        return ((flags & IommufdIoas.IOMMU_IOAS_MAP_READABLE) != 0 ? Protection.READ : 0)
                | ((flags & IommufdIoas.IOMMU_IOAS_MAP_WRITEABLE) != 0 ? Protection.WRITE : 0);
    }

    /**
     * MAP after its flag checks.
     *
     * @return the address used
     */
    long map(Caller caller, int protection, boolean fixed, long vaddr, long length, long iova) {
        if (Long.compareUnsigned(vaddr + length, vaddr) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "MAP refused: address " + IovaSpace.hex(vaddr) + " plus length " + IovaSpace.hex(length)
                            + " wraps");
        }
        if (length == 0 || Long.compareUnsigned(length, -1L - context.pageSize()) > 0) {
            throw new VfioException(Errno.EINVAL, "MAP refused: length " + IovaSpace.hex(length));
        }
        var source = new UserPages(caller.memory(), pageOf(vaddr));
        return map(caller, source, inPage(vaddr), protection, fixed, length, iova);
    }

    /**
     * MAP_FILE after its flag checks.
     *
     * @return the address used
     */
    long mapFile(Caller caller, int protection, boolean fixed, int fd, long start, long length, long iova) {
        if (length == 0) {
            throw new VfioException(Errno.EINVAL, "MAP_FILE refused: length 0");
        }
        if (Long.compareUnsigned(start + length - 1, start) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "MAP_FILE refused: start " + IovaSpace.hex(start) + " plus length " + IovaSpace.hex(length)
                            + " wraps");
        }
        var source = new FilePages(caller.files().get(fd), pageOf(start));
        return map(caller, source, inPage(start), protection, fixed, length, iova);
    }

    private long map(
            Caller caller, PageSource source, long offset, int protection, boolean fixed, long length, long iova) {
        boolean writable = (protection & Protection.WRITE) != 0;
        var pages = new PageObject(
                source,
                writable,
                context.accountingFor(caller),
                context.environment().memory());
        try {
            var area = new Area(pages, offset, length, protection);
            return mapper.map(new Area[] {area}, length, fixed, iova);
        } finally {
            pages.drop();
        }
    }

    private long pageOf(long address) {
        return address & -(long) context.pageSize();
    }

    private long inPage(long address) {
        return address & (context.pageSize() - 1);
    }

    /**
     * The source half of COPY after its flag checks. The pages of the slices are held for the caller.
     *
     * @throws VfioException EINVAL, EOVERFLOW, ENOENT
     */
    List<Area> slices(long iova, long length, int protection) {
        if (length == 0) {
            throw new VfioException(Errno.EINVAL, "COPY refused: length 0");
        }
        checkWrap(iova, length);
        return mapper.slices(iova, length, protection);
    }

    /**
     * The destination half of COPY.
     *
     * @return the address used
     */
    long mapSlices(List<Area> slices, long length, boolean fixed, long iova) {
        return mapper.map(slices.toArray(Area[]::new), length, fixed, iova);
    }

    /**
     * UNMAP.
     *
     * @return bytes removed
     * @throws VfioException EOVERFLOW, EINVAL, ENOENT, EBUSY, EDEADLK
     */
    long unmap(long iova, long length) {
        if (iova == 0 && length == NOTHING) {
            return unmapAll().orThrow();
        }
        long removed = unmapIfAny(iova, length).orThrow();
        if (removed == 0) {
            throw new VfioException(
                    Errno.ENOENT, "UNMAP refused: nothing is mapped in " + IovaSpace.range(iova, iova + length - 1));
        }
        return removed;
    }

    /** UNMAP of everything; no mappings are no error. */
    IoasUnmapper.Outcome unmapAll() {
        return unmapper.unmap(0, -1);
    }

    /**
     * UNMAP of a range; no mappings are no error.
     *
     * @throws VfioException EOVERFLOW, EINVAL before anything is removed
     */
    IoasUnmapper.Outcome unmapIfAny(long iova, long length) {
        if (iova == NOTHING || length == NOTHING) {
            throw new VfioException(Errno.EOVERFLOW, "UNMAP refused: iova or length is all ones");
        }
        if (length == 0) {
            throw new VfioException(Errno.EINVAL, "UNMAP refused: length 0");
        }
        checkWrap(iova, length);
        return unmapper.unmap(iova, iova + length - 1);
    }

    /** Cuts the area at a place; see {@link IoasUnmapper#cut}. */
    void cut(long lastOfLeftHalf) {
        unmapper.cut(lastOfLeftHalf);
    }

    private static void checkWrap(long iova, long length) {
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "iova " + IovaSpace.hex(iova) + " plus length " + IovaSpace.hex(length) + " wraps");
        }
    }
}
