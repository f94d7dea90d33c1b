// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Memory of this JVM as one user of VFIO (kernel: {@code mm_struct}). A virtual address is the native address. Known is
 * only what was {@linkplain #allocate allocated}, {@linkplain #register registered} or {@linkplain #show mapped} here; every
 * other address is EFAULT, whatever the JVM has there.
 *
 * <p>Ranges are exact to the byte. Allocated memory comes in whole pages, so the rest of its last page belongs to it. A
 * registered segment ends where it ends: pinning whole pages around a segment that starts or ends inside one is EFAULT,
 * since the other bytes are not the user's to give away. Adjacent segments may be pinned as one range; each is a run of
 * its own.
 *
 * <p>Memory goes away in two steps. After {@link #free}, {@link #unregister} or {@link #close} its addresses are EFAULT;
 * native memory allocated here is freed when the last pin is gone too. Memory that was registered belongs to its arena:
 * once that is closed, accesses of the user are EFAULT and those of devices are DMA faults. A mapping of a device goes for good
 * when it is {@linkplain #unmap unmapped} and not pinned, and comes and goes as the device shows it until then.
 *
 * <p>Thread-safe. Lookups, copies and pins take no lock and, unless they fail, do not allocate; changes cost O(log n) plus
 * a copy of some kilobytes. Spec: type1 §9, §16.11, §17.
 */
public final class JvmAddressSpace implements AddressSpace, AutoCloseable {
    /** First address no user can have (kernel: {@code TASK_SIZE_MAX}). */
    private static final long USER_END = "aarch64".equals(System.getProperty("os.arch")) ? 1L << 48 : (1L << 47) - 4096;

    private static final int ALL = Protection.READ | Protection.WRITE;

    private final PhysicalMemory physical;
    private final NativeHeap heap;
    private final AreaPinner pinner;
    private final PageCounter locked = new PageCounter();

    /** Guards changes of {@link #areas} and {@link #closed}. Only locks inside {@link #physical} nest in it. */
    private final ReentrantLock areasLock = new ReentrantLock();

    private volatile VmAreaIndex areas = VmAreaIndex.EMPTY;
    private volatile boolean closed;

    /** An empty address space whose memory becomes reachable for devices through {@code physical}. */
    public JvmAddressSpace(PhysicalMemory physical) {
        this.physical = physical;
        this.heap = new NativeHeap(physical.pageSize());
        this.pinner = new AreaPinner(physical);
    }

    /**
     * Allocates zeroed memory (kernel: anonymous {@code mmap}), aligned to the page size, or to 2 MiB from that size on.
     *
     * @param size bytes, 1 to 2^39
     * @return exactly that many bytes; the rest of the last page belongs to the address space too. It stays accessible
     *     until it is freed and the last pin is gone, and throws {@link IllegalStateException} afterwards
     * @throws VfioException EINVAL, ENOMEM, or ESRCH when the address space is closed
     */
    public MemorySegment allocate(long size) {
        SegmentMemory memory = heap.allocate(size);
        try {
            add(memory, VmObject.Kind.ALLOCATED);
        } catch (VfioException refused) {
            memory.release();
            throw refused;
        }
        return memory.segment().asSlice(0, size);
    }

    /**
     * Frees memory allocated here (kernel: {@code munmap}); its addresses are EFAULT afterwards. A page-aligned slice may
     * be freed too, which leaves a hole. No effect once the address space is closed.
     *
     * @param memory what {@link #allocate} returned, or a slice of it; its size is rounded up to whole pages
     * @throws VfioException EINVAL when it is not all allocated here, or misaligned
     */
    public void free(MemorySegment memory) {
        takeOut("free", memory, VmObject.Kind.ALLOCATED);
    }

    /**
     * Makes a segment of this JVM known, until {@link #unregister}, {@link #close} or the end of its scope.
     *
     * @param segment native and accessible by all threads; read-only segments can be given to devices for reading
     * @throws VfioException EINVAL for other segments, EEXIST when part of it is known already, ENOMEM, or ESRCH when the
     *     address space is closed
     */
    public void register(MemorySegment segment) {
        add(new SegmentMemory(segment), VmObject.Kind.REGISTERED);
    }

    /**
     * Takes a registered segment, or a page-aligned slice of it, out; its addresses are EFAULT afterwards. No effect
     * once the address space is closed.
     *
     * @throws VfioException EINVAL when it is not all registered here, or misaligned
     */
    public void unregister(MemorySegment segment) {
        takeOut("unregister", segment, VmObject.Kind.REGISTERED);
    }

    /**
     * Changes what the user, and devices that memory is pinned for from now on, may do with it (kernel: {@code mprotect}). For a
     * mapping of a device this lasts until its view is revoked.
     *
     * @param memory memory known here, or a page-aligned slice of it
     * @param protection a mask of {@link Protection}; 0 for nothing
     * @throws VfioException EINVAL when it is not all known here or misaligned, and for other bits; EACCES when a read-only
     *     segment shall become writable
     */
    public void protect(MemorySegment memory, int protection) {
        if ((protection & ~ALL) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "protect: 0x" + Integer.toHexString(protection) + " is no protection");
        }
        areasLock.lock();
        try {
            VmObject object = objectOf("protect", memory);
            if ((protection & Protection.WRITE) != 0 && !object.memory.writable()) {
                throw new VfioException(Errno.EACCES, "protect: " + object.memory + " is a read-only segment");
            }
            long start = memory.address();
            long end = endIn(object, "protect", memory);
            areas = areas.carve("protect", object, start, end).with(new VmArea(start, end, object, protection));
        } finally {
            areasLock.unlock();
        }
    }

    /**
     * Makes a mapping of a device known at the address of a view of it (kernel: {@code mmap}, or a fault that fills the area
     * again). It is known at its first address and at its latest; an address that is given out again means what lies there then.
     * No effect for a view that is gone, that other threads cannot use, or that is known already, and once the mapping is unmapped
     * or the address space closed.
     *
     * @throws VfioException EINVAL, ENOMEM
     */
    public void show(MappedMemory memory, MemorySegment view) {
        List<VmObject> gone = new ArrayList<>();
        areasLock.lock();
        try {
            VmObject latest = memory.latest;
            if (closed
                    || memory.unmapped
                    || (latest != null && latest.isAt(view))
                    || !SegmentMemory.isShareable(view)
                    || view.byteSize() != memory.size()
                    || !view.scope().isAlive()) {
                return;
            }
            VmObject first = memory.first;
            if (first == null) {
                memory.alignTo(view.address());
            }
            var object = new VmObject(
                    memory, view, first == null ? physical.insert(memory) : first.phys, VmObject.Kind.MAPPED);
            if (latest != null && latest != first) {
                areas = areas.withoutAreasOf(latest);
            }
            memory.latest = object;
            if (first == null) {
                memory.first = object;
            }
            areas = vacate(object.start, object.end(), gone)
                    .with(new VmArea(object.start, object.end(), object, memory.protection()));
        } finally {
            areasLock.unlock();
        }
        gone.forEach(object -> physical.remove(object.phys));
    }

    /**
     * Takes a mapping of a device out (kernel: {@code munmap}); its addresses are EFAULT afterwards. It is ended now, or with its
     * last pin. Idempotent.
     */
    public void unmap(MappedMemory memory) {
        VmObject first;
        areasLock.lock();
        try {
            if (memory.unmapped) {
                return;
            }
            memory.unmapped = true;
            first = memory.first;
            if (first != null) {
                areas = areas.withoutAreasOf(first);
            }
            if (memory.latest != null) {
                areas = areas.withoutAreasOf(memory.latest);
            }
        } finally {
            areasLock.unlock();
        }
        if (first == null) {
            memory.release();
        } else {
            physical.remove(first.phys);
        }
    }

    private void add(SegmentMemory memory, VmObject.Kind kind) {
        List<VmObject> gone = new ArrayList<>();
        areasLock.lock();
        try {
            if (closed) {
                throw new VfioException(Errno.ESRCH, "the address space is closed");
            }
            long start = memory.alignmentAddress();
            long end = start + memory.size();
            if (kind == VmObject.Kind.REGISTERED) {
                areas.requireUnknown(start, end);
            }
            var object = new VmObject(memory, memory.segment(), physical.insert(memory), kind);
            areas = vacate(start, end, gone)
                    .with(new VmArea(start, end, object, memory.writable() ? ALL : Protection.READ));
        } finally {
            areasLock.unlock();
        }
        gone.forEach(object -> physical.remove(object.phys));
    }

    /** The areas without those at addresses that were given out again: whatever is still known there is out of date. */
    private VmAreaIndex vacate(long start, long end, List<VmObject> gone) {
        VmAreaIndex next = areas;
        for (VmArea area = next.find(start); area != null && area.start() < end; area = next.find(start)) {
            next = next.without(area);
            hide(area.object(), area.end() - area.start(), gone);
        }
        return next;
    }

    private void takeOut(String what, MemorySegment memory, VmObject.Kind kind) {
        List<VmObject> gone = new ArrayList<>();
        areasLock.lock();
        try {
            if (closed) {
                return;
            }
            VmObject object = objectOf(what, memory);
            if (object.kind != kind) {
                throw new VfioException(Errno.EINVAL, what + ": " + object.memory + " was " + object.kind.text);
            }
            long start = memory.address();
            long end = endIn(object, what, memory);
            areas = areas.carve(what, object, start, end);
            hide(object, end - start, gone);
        } finally {
            areasLock.unlock();
        }
        gone.forEach(object -> physical.remove(object.phys));
    }

    /** Mappings of devices stay until they are unmapped, wherever they are known. */
    private static void hide(VmObject object, long bytes, List<VmObject> gone) {
        if (object.kind == VmObject.Kind.MAPPED) {
            return;
        }
        object.shown -= bytes;
        if (object.shown == 0) {
            gone.add(object);
        }
    }

    private VmObject objectOf(String what, MemorySegment memory) {
        VmArea area = memory.isNative() ? areas.at(memory.address()) : null;
        if (area == null) {
            throw new VfioException(
                    Errno.EINVAL,
                    what + ": " + memory.byteSize() + " bytes at 0x" + Long.toHexString(memory.address())
                            + " are not known here");
        }
        return area.object();
    }

    /** End of a range that starts at a page boundary or at the object's start, rounded up to a page of the object. */
    private long endIn(VmObject object, String what, MemorySegment memory) {
        long start = memory.address();
        long size = memory.byteSize();
        long inPage = physical.pageSize() - 1L;
        if (size == 0 || ((start & inPage) != 0 && start != object.start) || start + size > object.end()) {
            throw new VfioException(
                    Errno.EINVAL,
                    what + ": " + size + " bytes at 0x" + Long.toHexString(start) + " are not whole pages of "
                            + object.memory);
        }
        return Math.min((start + size + inPage) & ~inPage, object.end());
    }

    @Override
    public boolean alive() {
        return !closed;
    }

    /** The user is gone (kernel: {@code exit_mmap}): all addresses are EFAULT from now on. Idempotent. */
    @Override
    public void close() {
        List<VmObject> gone = new ArrayList<>();
        areasLock.lock();
        try {
            closed = true;
            areas.forEach(area -> hide(area.object(), area.end() - area.start(), gone));
            areas = VmAreaIndex.EMPTY;
        } finally {
            areasLock.unlock();
        }
        gone.forEach(object -> physical.remove(object.phys));
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        if (length <= 0 || !isUserRange(vaddr, length)) {
            throw fault("pin", vaddr, length);
        }
        // One state of the areas for all passes, so that they see the same runs.
        pinner.pin(areas, vaddr, vaddr + length, write, sink);
    }

    /** {@inheritDoc} EFAULT for any byte copies nothing, unless memory vanishes during the copy. */
    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        VmAreaIndex index = areas;
        requireAccess("read", index, vaddr, length, false);
        long end = vaddr + length;
        for (long at = vaddr; at < end; ) {
            VmArea area = AreaPinner.areaAt(index, at);
            long bytes = Math.min(area.end(), end) - at;
            if (!area.object().memory.read(area.offset(at), target, targetOffset + (at - vaddr), bytes)) {
                throw fault("read", at, bytes);
            }
            at += bytes;
        }
    }

    /** {@inheritDoc} EFAULT for any byte copies nothing, unless memory vanishes during the copy. */
    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        VmAreaIndex index = areas;
        requireAccess("write", index, vaddr, length, true);
        long end = vaddr + length;
        for (long at = vaddr; at < end; ) {
            VmArea area = AreaPinner.areaAt(index, at);
            long bytes = Math.min(area.end(), end) - at;
            if (!area.object().memory.write(area.offset(at), source, sourceOffset + (at - vaddr), bytes)) {
                throw fault("write", at, bytes);
            }
            at += bytes;
        }
    }

    private void requireAccess(String what, VmAreaIndex index, long vaddr, long length, boolean write) {
        if (length != 0 && !isUserRange(vaddr, length)) {
            throw fault(what, vaddr, length);
        }
        long end = vaddr + length;
        for (long at = vaddr; at < end; ) {
            VmArea area = index.at(at);
            if (area == null || !area.allows(write)) {
                throw fault(what, at, end - at);
            }
            at = area.end();
        }
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return vaddr >= 0 && length >= 0 && length <= USER_END && vaddr <= USER_END - length;
    }

    @Override
    public long backingPageSize(long vaddr) {
        return physical.pageSize();
    }

    @Override
    public LockedMemory lockedMemory() {
        return locked;
    }

    static VfioException fault(String what, long address, long length) {
        return new VfioException(
                Errno.EFAULT,
                what + " of " + length + " bytes at 0x" + Long.toHexString(address)
                        + ": no memory there that allows it");
    }
}
