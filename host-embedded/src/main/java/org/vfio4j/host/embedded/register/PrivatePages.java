// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers where the device alone reaches them: pages of a file without a name, so that only what was touched takes room,
 * or plain memory where no file can be made. Zero at first. One thread at a time.
 */
final class PrivatePages implements RegisterPages, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PrivatePages.class);

    private final Arena arena;
    private final @Nullable RegisterFile file;
    private final MemorySegment pages;

    private PrivatePages(Arena arena, @Nullable RegisterFile file, MemorySegment pages) {
        this.arena = arena;
        this.file = file;
        this.pages = pages;
    }

    /** In a file if one can be made. */
    static PrivatePages of(long size) {
        RegisterFile file = null;
        var arena = Arena.ofShared();
        try {
            file = RegisterFile.make(size);
            var pages = file.map(0, size, arena);
            file.delete();
            return new PrivatePages(arena, file, pages);
        } catch (IOException e) {
            LOG.warn(
                    "registers of 0x{} bytes cannot be mapped: no file for them: {}",
                    Long.toHexString(size),
                    e.toString());
            closeQuietly(file);
            arena.close();
            return withoutFile(size);
        }
    }

    /** In memory of this process, of which there is enough. */
    static PrivatePages withoutFile(long size) {
        var arena = Arena.ofShared();
        return new PrivatePages(arena, null, arena.allocate(size, PAGE));
    }

    private static void closeQuietly(@Nullable RegisterFile file) {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("the file {} of registers was left behind: {}", file.path(), e.toString());
            }
        }
    }

    /** The device's view. */
    MemorySegment view() {
        return pages;
    }

    /** Whether the system has a place for files of registers. */
    boolean inFile() {
        return file != null;
    }

    @Override
    public long size() {
        return pages.byteSize();
    }

    /** Reads the file: reading untouched pages of the view would give them room. */
    @Override
    public void read(long offset, byte[] target) throws IOException {
        if (file != null) {
            file.read(offset, target);
        } else {
            int count = (int) Math.min(target.length, pages.byteSize() - offset);
            MemorySegment.copy(pages, ValueLayout.JAVA_BYTE, offset, target, 0, count);
        }
    }

    /** Writes the file: without room for a page that fails, where a write to the view would be a fault. */
    @Override
    public void write(long offset, byte[] source, int length) throws IOException {
        if (file != null) {
            file.write(offset, source, length);
        } else {
            MemorySegment.copy(source, 0, pages, ValueLayout.JAVA_BYTE, offset, length);
        }
    }

    @Override
    public void close() {
        arena.close();
        closeQuietly(file);
    }
}
