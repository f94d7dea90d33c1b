// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.ProcessWindow.Kind;
import org.vfio4j.runner.process.ProgramMemories.Reader;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Memory of a program in another process, from its start or last {@code exec} to the next one or its end. Arguments are copied with
 * the program's own rights, exact to the byte.
 *
 * <p>Pinning checks that everything is mapped, allows the access and is there. Pages of files that the program shares are pinned in a
 * mapping of our own ({@link SharedFiles}), so they are held. Other memory devices reach through the process' memory file: its
 * pages cannot be held, see {@link ProcessWindow}. Thread-safe. Spec: type1 §9, iommufd §16.
 */
public final class ProgramMemory implements AddressSpace {
    /** First address no program can have (kernel: {@code TASK_SIZE_MAX}). */
    private static final long USER_END = (1L << 47) - 4096;

    private static final int PAGE = 4096;

    private final MemoryFile memory;
    private final Function<ProgramMemory, @Nullable Reader> users;
    private final IntFunction<@Nullable ProgramProcess> processes;
    private final PhysicalMemory physical;
    private final Handles handles;
    private final SharedFiles files;
    private final LockedPages locked = new LockedPages();

    /** Guards {@link #windows} and {@link #ended}. Locks inside {@link #physical} nest in it. */
    private final ReentrantLock windowsLock = new ReentrantLock();

    private final Map<WindowKey, Window> windows = new HashMap<>();

    private volatile boolean ended;

    /** Which window: the upper bits of its addresses, and what it is used for. */
    private record WindowKey(int number, Kind kind) {}

    /** A window and its physical address. */
    private record Window(ProcessWindow memory, long phys) {}

    /**
     * The memory of a thread.
     *
     * @param users finds a process that has a memory
     * @param processes the process of a thread, if it is known
     */
    ProgramMemory(
            int tid,
            PhysicalMemory physical,
            Handles handles,
            SharedFiles files,
            Function<ProgramMemory, @Nullable Reader> users,
            IntFunction<@Nullable ProgramProcess> processes) {
        this.users = users;
        this.processes = processes;
        this.memory = MemoryFile.open(tid);
        this.physical = physical;
        this.handles = handles;
        this.files = files;
    }

    @Override
    public boolean alive() {
        return !ended;
    }

    /** Whether the process still has this memory and not another program's. */
    boolean isCurrent() {
        if (!memory.acquire()) {
            return false;
        }
        try (var arena = Arena.ofConfined()) {
            return memory.alive(arena.allocate(1));
        } finally {
            memory.release();
        }
    }

    /** The process has ended or loaded another program: nothing can be pinned any more. Idempotent. */
    void end() {
        List<Window> removed;
        windowsLock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            removed = new ArrayList<>(windows.values());
            windows.clear();
        } finally {
            windowsLock.unlock();
        }
        removed.forEach(window -> physical.remove(window.phys()));
        memory.release();
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        if (length <= 0 || !isUserRange(vaddr, length)) {
            throw fault("pin", vaddr, length);
        }
        long end = vaddr + length;
        var runs = new PinnedRuns(physical);
        windowsLock.lock();
        try {
            if (ended) {
                throw fault("pin", vaddr, length);
            }
            try (var areas = new MemoryAreas(memory.maps())) {
                for (long at = vaddr; at < end; ) {
                    MemoryArea area = areas.at(at);
                    if (area == null || !(write ? area.writable() : area.readable())) {
                        throw fault("pin", at, end - at);
                    }
                    long stop = Math.min(area.end(), end);
                    pin(area, at, stop, write, runs);
                    at = stop;
                }
            } catch (VfioException refused) {
                runs.undo();
                throw refused;
            }
        } finally {
            windowsLock.unlock();
        }
        runs.report(sink);
    }

    private void pin(MemoryArea area, long start, long stop, boolean write, PinnedRuns runs) {
        if (handles.isInside(area.name())) {
            touch(start, stop); // registers that are away cannot be pinned
            pinWindows(start, stop, Kind.DEVICE, runs);
        } else if (!area.showsFile() || !pinFile(area, start, stop, write, runs)) {
            touch(start, stop);
            pinWindows(start, stop, area.file().isFile() ? Kind.FILE : Kind.PLAIN, runs);
        }
    }

    /** Pins the pages of a shared file; false when the file cannot be mapped here. */
    private boolean pinFile(MemoryArea area, long start, long stop, boolean write, PinnedRuns runs) {
        Reader reader = reader();
        var outcome = files.pin(
                area.file(),
                area.inFile(start),
                stop - start,
                write,
                area.start() - area.fileOffset(),
                forWriting -> FileFinder.open(reader.tgid(), reader.tid(), area, forWriting),
                runs);
        return switch (outcome) {
            case PINNED -> true;
            case UNMAPPABLE -> false;
            case BEYOND_END, NO_ROOM -> throw fault("pin", start, stop - start);
        };
    }

    private void pinWindows(long start, long stop, Kind kind, PinnedRuns runs) {
        for (long at = start; at < stop; ) {
            int number = (int) (at >>> ProcessWindow.SHIFT);
            long windowEnd = (number + 1L) << ProcessWindow.SHIFT;
            long bytes = Math.min(stop, windowEnd) - at;
            Window window = windows.computeIfAbsent(new WindowKey(number, kind), this::newWindow);
            if (!runs.add(window.phys() + (at & ((1L << ProcessWindow.SHIFT) - 1)), bytes)) {
                throw new VfioException(Errno.EFAULT, "pin refused: the program's memory is gone");
            }
            window.memory().renew(at, at + bytes);
            at += bytes;
        }
    }

    private Window newWindow(WindowKey key) {
        var window = new ProcessWindow(memory, key.number(), key.kind());
        return new Window(window, physical.insert(window));
    }

    /** Reads a byte of each page, so that it is there; pages of a mapping beyond its file's end cannot be. */
    private void touch(long start, long stop) {
        int reader = reader().tid();
        try (var arena = Arena.ofConfined()) {
            int most = LinuxRemoteMemory.IOV_MAX;
            MemorySegment pieces = arena.allocate((long) most * LinuxRemoteMemory.IOVEC_SIZE, Long.BYTES);
            MemorySegment bytes = arena.allocate(most);
            for (long at = start; at < stop; ) {
                int count = 0;
                long next = at;
                while (count < most && next < stop) {
                    long piece = (long) count * LinuxRemoteMemory.IOVEC_SIZE;
                    pieces.set(ValueLayout.JAVA_LONG, piece, next);
                    pieces.set(ValueLayout.JAVA_LONG, piece + 8, 1);
                    count++;
                    next = (next & -PAGE) + PAGE;
                }
                long got = LinuxRemoteMemory.gather(
                        reader,
                        bytes.asSlice(0, count),
                        pieces.asSlice(0, (long) count * LinuxRemoteMemory.IOVEC_SIZE));
                if (got != count) {
                    throw fault("pin", at, stop - at);
                }
                at = next;
            }
        }
    }

    /**
     * Through whom this memory can be read: the thread whose call is handled, if this is its memory (a call of one process may be
     * about memory that another one mapped), or some thread that has it.
     *
     * @throws VfioException EFAULT when nobody has it any more
     */
    private Reader reader() {
        if (Call.isHandling()) {
            int tid = Call.current().tid();
            ProgramProcess process = processes.apply(tid);
            if (process != null && process.memory() == this) {
                return new Reader(process.tgid(), tid);
            }
        }
        Reader user = users.apply(this);
        if (user == null) {
            throw new VfioException(Errno.EFAULT, "the process whose memory it is has ended");
        }
        return user;
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        if (length == 0) {
            return;
        }
        if (!isUserRange(vaddr, length)
                || !HeapBounce.read(this::copyIn, vaddr, target.asSlice(targetOffset, length))) {
            throw fault("read", vaddr, length);
        }
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        if (length == 0) {
            return;
        }
        if (!isUserRange(vaddr, length)
                || !HeapBounce.write(this::copyOut, vaddr, source.asSlice(sourceOffset, length))) {
            throw fault("write", vaddr, length);
        }
    }

    private boolean copyIn(long address, MemorySegment part) {
        return LinuxRemoteMemory.read(reader().tid(), address, part) == part.byteSize();
    }

    private boolean copyOut(long address, MemorySegment part) {
        return LinuxRemoteMemory.write(reader().tid(), address, part) == part.byteSize();
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return vaddr >= 0 && length >= 0 && length <= USER_END && vaddr <= USER_END - length;
    }

    @Override
    public long backingPageSize(long vaddr) {
        if (!memory.acquire()) {
            return PAGE;
        }
        try (var areas = new MemoryAreas(memory.maps())) {
            MemoryArea area = areas.at(vaddr);
            return area == null ? PAGE : area.pageSize();
        } finally {
            memory.release();
        }
    }

    @Override
    public LockedMemory lockedMemory() {
        return locked;
    }

    private static VfioException fault(String what, long address, long length) {
        return new VfioException(
                Errno.EFAULT,
                what + " of " + length + " bytes at 0x" + Long.toHexString(address)
                        + ": the program has no memory there that allows it");
    }
}
