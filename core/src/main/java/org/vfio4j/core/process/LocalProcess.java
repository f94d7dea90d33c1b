// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A caller of raw calls in this JVM. Checks the kernel makes before it asks a file are made here: descriptors, access
 * modes, ranges of user memory, positions. A running call keeps its file open. Thread-safe. Spec: core §2.1.
 */
public final class LocalProcess implements UapiProcess, OptionsCaller {
    private static final int PROT_WRITE = 2;

    /** {@code SEEK_HOLE}, the last way to move that the kernel knows. */
    private static final int SEEK_MAX = 4;

    private static final long MAX_EVENTFD_INITIAL = 0xffff_ffffL;

    private final PathTree tree;
    private final int pageSize;
    private final PhysicalMemory physical;
    private final JvmAddressSpace memory;
    private final LocalFdTable files;
    private final FileTransfer transfer;
    private final Set<FileMapping> mappings = ConcurrentHashMap.newKeySet();

    /** Credentials and limits, asked at call time. */
    private volatile ProcessOptions options;

    private volatile boolean closed;

    /**
     * A process with no memory and no descriptors.
     *
     * @param tree paths it can open
     * @param memory where its memory becomes reachable for devices
     * @param options credentials and limits
     */
    public LocalProcess(PathTree tree, PhysicalMemory memory, ProcessOptions options) {
        this.tree = tree;
        this.options = options;
        this.pageSize = memory.pageSize();
        this.physical = memory;
        this.memory = new JvmAddressSpace(memory);
        this.files = new LocalFdTable(options.maxFiles());
        this.transfer = new FileTransfer(this.memory);
    }

    @Override
    public JvmAddressSpace memory() {
        return memory;
    }

    @Override
    public LocalFdTable files() {
        return files;
    }

    @Override
    public ProcessOptions options() {
        return options;
    }

    @Override
    public void become(ProcessOptions now) {
        files.limit(now.maxFiles());
        options = now;
    }

    @Override
    public int open(String path, int flags) {
        int mode = OpenFlags.accessMode(flags);
        // As in the kernel a full table is found before the file is opened.
        int fd = files.reserve();
        UapiFile file;
        try {
            file = tree.open(path, flags);
        } catch (Throwable refused) {
            files.cancel(fd);
            throw refused;
        }
        files.publish(fd, new OpenFile(file, mode), (flags & OpenFlags.O_CLOEXEC) != 0);
        return fd;
    }

    @Override
    public int eventfd(long initial) {
        if (initial < 0 || initial > MAX_EVENTFD_INITIAL) {
            throw new VfioException(Errno.EINVAL, "eventfd: initial value " + initial + " is not 0 to 2^32-1");
        }
        int fd = files.reserve();
        files.publish(fd, new OpenFile(new EventCounter(initial), OpenFlags.O_RDWR), false);
        return fd;
    }

    @Override
    public int memoryFile(MemorySegment bytes) {
        var file = new MemoryFile(bytes, physical);
        try {
            int fd = files.reserve();
            files.publish(fd, new OpenFile(file, OpenFlags.O_RDWR), true);
            return fd;
        } catch (Throwable refused) {
            file.close();
            throw refused;
        }
    }

    @Override
    public void truncate(int fd, long size) {
        OpenFile open = files.acquire(fd);
        try {
            if (!(open.file() instanceof MemoryFile file)) {
                throw new VfioException(Errno.EINVAL, "truncate: descriptor " + fd + " is no memory file");
            }
            file.truncate(size);
        } finally {
            open.close();
        }
    }

    @Override
    public long ioctl(int fd, int command, long argument) {
        OpenFile open = files.acquire(fd);
        try {
            return open.file().ioctl(this, command, argument);
        } finally {
            open.close();
        }
    }

    @Override
    public long read(int fd, long address, long count) {
        OpenFile open = files.acquire(fd);
        try {
            long position = open.position();
            long done = transfer.read(open, address, count, position);
            advance(open, position + done);
            return done;
        } finally {
            open.close();
        }
    }

    @Override
    public long write(int fd, long address, long count) {
        OpenFile open = files.acquire(fd);
        try {
            long position = open.position();
            long done = transfer.write(open, address, count, position);
            advance(open, position + done);
            return done;
        } finally {
            open.close();
        }
    }

    private static void advance(OpenFile open, long position) {
        if (open.file().positional()) {
            open.moveTo(position);
        }
    }

    @Override
    public long pread(int fd, long address, long count, long position) {
        OpenFile open = acquireAt(fd, position);
        try {
            return transfer.read(open, address, count, position);
        } finally {
            open.close();
        }
    }

    @Override
    public long pwrite(int fd, long address, long count, long position) {
        OpenFile open = acquireAt(fd, position);
        try {
            return transfer.write(open, address, count, position);
        } finally {
            open.close();
        }
    }

    private OpenFile acquireAt(int fd, long position) {
        if (position < 0) {
            throw new VfioException(Errno.EINVAL, "negative file position " + position);
        }
        OpenFile open = files.acquire(fd);
        if (!open.file().positional()) {
            open.close();
            throw new VfioException(Errno.ESPIPE, "descriptor " + fd + " has no file position");
        }
        return open;
    }

    @Override
    public long lseek(int fd, long offset, int whence) {
        OpenFile open = files.acquire(fd);
        try {
            if (whence < 0 || whence > SEEK_MAX) {
                throw new VfioException(Errno.EINVAL, "lseek: whence " + whence + " means nothing");
            }
            throw new VfioException(Errno.ESPIPE, "§2.1", "descriptor " + fd + " cannot be moved in");
        } finally {
            open.close();
        }
    }

    @Override
    public UapiMapping mmap(int fd, long offset, long length, int protection, boolean shared) {
        if (length <= 0 || offset < 0 || (offset & (pageSize - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "mmap of " + length + " bytes at offset 0x" + Long.toHexString(offset) + ", pages of " + pageSize);
        }
        long pages = (length + pageSize - 1) & -(long) pageSize;
        if (pages <= 0 || offset > Long.MAX_VALUE - pages) {
            throw new VfioException(
                    Errno.EOVERFLOW, "mmap of " + length + " bytes at offset 0x" + Long.toHexString(offset));
        }
        OpenFile open = files.acquire(fd);
        FileMapping mapping = null;
        try {
            if (!open.readable() || (shared && (protection & PROT_WRITE) != 0 && !open.writable())) {
                throw new VfioException(
                        Errno.EACCES, "mmap needs more access than descriptor " + fd + " was opened with");
            }
            UapiMapping mapped = open.file().mmap(offset, pages, protection, shared);
            // From here on the reference of this call is the mapping's.
            mapping = new FileMapping(mapped, pages, protection, open, memory, mappings::remove);
            mapping.place();
        } catch (Throwable refused) {
            if (mapping == null) {
                open.close();
            } else {
                mapping.close();
            }
            throw refused;
        }
        mappings.add(mapping);
        if (closed) {
            mapping.close();
            throw new VfioException(Errno.ESRCH, "the process has ended");
        }
        return mapping;
    }

    @Override
    public int poll(int fd) {
        OpenFile open = files.acquire(fd);
        try {
            return open.file().poll();
        } finally {
            open.close();
        }
    }

    @Override
    public int dup(int fd) {
        return files.dup(fd);
    }

    @Override
    public void close(int fd) {
        files.close(fd);
    }

    @Override
    public MemorySegment allocate(long size) {
        return memory.allocate(size);
    }

    @Override
    public void free(MemorySegment segment) {
        memory.free(segment);
    }

    @Override
    public void protect(MemorySegment segment, int protection) {
        memory.protect(segment, protection);
    }

    /** Ends the process in the kernel's order: mappings of files, memory, descriptors. Idempotent. */
    @Override
    public void close() {
        closed = true;
        mappings.forEach(FileMapping::close);
        memory.close();
        files.closeAll();
    }
}
