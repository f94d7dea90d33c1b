// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.core.memory.MappedMemory;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.UapiFile;

/**
 * An open file description (kernel: {@code struct file}): a file with an access mode and a position, counted by its
 * descriptors, its mappings and the calls running on it. The file is closed when the last of them is gone, so never
 * during a call. Thread-safe; counting does not allocate.
 */
final class OpenFile implements FileReference {
    private final UapiFile file;
    private final int accessMode;

    /** Mappings that are not ended yet: live ones, and closed ones that devices still have. */
    private final Set<MappedMemory> mapped = ConcurrentHashMap.newKeySet();

    /** Starts with the reference of the first descriptor; never rises again from 0. */
    private final AtomicInteger references = new AtomicInteger(1);

    /**
     * Where plain reads and writes go on. As with the kernel's device files, two of them at the same time may use the
     * same position.
     */
    private volatile long position;

    OpenFile(UapiFile file, int accessMode) {
        this.file = file;
        this.accessMode = accessMode;
    }

    @Override
    public UapiFile file() {
        return file;
    }

    boolean readable() {
        return accessMode != OpenFlags.O_WRONLY;
    }

    boolean writable() {
        return accessMode != OpenFlags.O_RDONLY;
    }

    long position() {
        return position;
    }

    void moveTo(long next) {
        position = next;
    }

    void remember(MappedMemory memory) {
        mapped.add(memory);
    }

    void forget(MappedMemory memory) {
        mapped.remove(memory);
    }

    /** Takes a reference unless the last one has gone already. */
    boolean tryAcquire() {
        return references.getAndUpdate(now -> now == 0 ? 0 : now + 1) != 0;
    }

    /**
     * Gives a reference back; the last one closes the file. Mappings that only devices still have end first: what the next
     * user of the device does is none of their business.
     */
    @Override
    public void close() {
        int left = references.decrementAndGet();
        if (left == 0) {
            mapped.forEach(MappedMemory::close);
            file.close();
        } else if (left < 0) {
            throw new IllegalStateException("an open file was released more often than acquired");
        }
    }
}
