// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;

/**
 * A process' memory by descriptors that stay with it: {@code /proc/PID/mem} and {@code /proc/PID/maps} mean the memory the process
 * had when they were opened, also after it has loaded another program or ended. Counted by its users.
 */
final class MemoryFile {
    private static final int EIO = 5;

    private final int mem;
    private final int maps;
    private final int pagemap;
    private final PagePresence presence;
    private final AtomicInteger users = new AtomicInteger(1);

    private MemoryFile(int mem, int maps, int pagemap) {
        this.mem = mem;
        this.maps = maps;
        this.pagemap = pagemap;
        this.presence = new PagePresence(pagemap, maps);
    }

    /** Opens a thread's process' memory; unusable when it is gone or may not be touched. */
    static MemoryFile open(int tid) {
        return new MemoryFile(
                LinuxPaths.open("/proc/" + tid + "/mem", LinuxPaths.O_RDWR | LinuxPaths.O_CLOEXEC, 0),
                LinuxPaths.open("/proc/" + tid + "/maps", LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0),
                LinuxPaths.open("/proc/" + tid + "/pagemap", LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0));
    }

    int maps() {
        return maps;
    }

    PagePresence presence() {
        return presence;
    }

    /** One more user; false, and nothing to release, when the last one has gone already. */
    boolean acquire() {
        return users.getAndUpdate(now -> now == 0 ? 0 : now + 1) != 0;
    }

    void release() {
        if (users.decrementAndGet() == 0) {
            close(mem);
            close(maps);
            close(pagemap);
        }
    }

    private static void close(int fd) {
        if (fd >= 0) {
            LinuxFiles.close(fd);
        }
    }

    /** Whether the memory is still some process'. */
    boolean alive(MemorySegment oneByte) {
        // Nothing is ever mapped at address 0: an error from memory that is there, the end of the file from one that is
        // not.
        return LinuxFiles.pread(mem, oneByte, 0) == -EIO;
    }

    /** Reads all of a native segment; false when something is not there. */
    boolean read(long address, MemorySegment target) {
        long done = 0;
        while (done < target.byteSize()) {
            long moved = LinuxFiles.pread(mem, target.asSlice(done), address + done);
            if (moved <= 0) {
                return false;
            }
            done += moved;
        }
        return true;
    }

    /** Writes all of a native segment. Protection counts when memory is pinned, not here: pinned memory stays writable. */
    boolean write(long address, MemorySegment source) {
        long done = 0;
        while (done < source.byteSize()) {
            long moved = LinuxFiles.pwrite(mem, source.asSlice(done), address + done);
            if (moved <= 0) {
                return false;
            }
            done += moved;
        }
        return true;
    }
}
