// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.memory.FileRange;

/**
 * Registers where users map them: a file that has the pages while it is open and is empty while it is shut, so that
 * touching a mapping of it is SIGBUS. Who has the file mapped may truncate it too: accesses to {@link #view} can fail with
 * {@link InternalError} at any time. One thread at a time.
 */
final class RegisterWindow implements RegisterPages, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterWindow.class);

    private final RegisterFile file;
    private final long position;
    private final long size;
    private @Nullable Arena arena;
    private @Nullable MemorySegment view;

    /** Makes one that is shut. */
    RegisterWindow(RegisterFile file, long position, long size) {
        this.file = file;
        this.position = position;
        this.size = size;
    }

    /** Where other processes find it. */
    FileRange range() {
        return new FileRange(file.path(), position);
    }

    Path path() {
        return file.path();
    }

    /** The device's view while it is open; null while it is shut. */
    @Nullable
    MemorySegment view() {
        return view;
    }

    /**
     * Opens it with what the registers hold. Each page is complete when it appears in a mapping.
     *
     * @return the device's view
     */
    MemorySegment open(RegisterPages content) throws IOException {
        var lifetime = Arena.ofShared();
        try {
            RegisterPages.copy(content, this);
            // Adds the zeros at the end, if there are some.
            var opened = file.map(position, size, lifetime);
            arena = lifetime;
            view = opened;
            return opened;
        } catch (IOException | RuntimeException e) {
            lifetime.close();
            file.truncate();
            throw e;
        }
    }

    /** Shuts it; the content has been copied and nobody in this process uses the view. */
    void shut() {
        try {
            file.truncate();
        } catch (IOException e) {
            LOG.warn("mappings of {} stay: {}", file.path(), e.toString());
        }
        var lifetime = arena;
        arena = null;
        view = null;
        if (lifetime != null) {
            lifetime.close();
        }
    }

    MemorySegment map(Arena lifetime) throws IOException {
        return file.map(position, size, lifetime);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long offset, byte[] target) throws IOException {
        int count = file.read(position + offset, target);
        Arrays.fill(target, count, target.length, (byte) 0);
    }

    @Override
    public void write(long offset, byte[] source, int length) throws IOException {
        file.write(position + offset, source, length);
    }

    @Override
    public void close() {
        shut();
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("the file {} of registers was left behind: {}", file.path(), e.toString());
        }
    }
}
