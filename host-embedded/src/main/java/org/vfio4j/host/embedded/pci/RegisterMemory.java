// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.memory.FileRange;

/**
 * The memory of one register. It is in a file of its own, in the system's shared memory where there is one, so that views of
 * it can come and go and other processes can map it; only its owner can open the file, and it goes with the register. Where
 * no file can be made the memory is this process' alone. Whole pages, zeroed at first and not taken before they are touched.
 */
final class RegisterMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterMemory.class);
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int PAGE = 4096;
    private static final int CHUNK = 16 * PAGE;

    private final Arena arena;
    private final MemorySegment pages;
    private final long position;
    private final @Nullable FileChannel channel;
    private final @Nullable Path file;

    private RegisterMemory(
            Arena arena, MemorySegment pages, long position, @Nullable FileChannel channel, @Nullable Path file) {
        this.position = position;
        this.arena = arena;
        this.pages = pages;
        this.channel = channel;
        this.file = file;
    }

    /**
     * Takes memory.
     *
     * @param length bytes, rounded up to whole pages
     * @param position where in its file the memory lies; what is before it takes no room. A register lies where the file of its
     *     device has it, so that a program can map the one at the offset of the other
     */
    static RegisterMemory take(long length, long position) {
        long size = (length + PAGE - 1) & -PAGE;
        try {
            return inFile(size, position);
        } catch (IOException e) {
            LOG.warn(
                    "registers of 0x{} bytes cannot be mapped: no file for them: {}",
                    Long.toHexString(size),
                    e.toString());
            var arena = Arena.ofShared();
            return new RegisterMemory(arena, arena.allocate(size, PAGE), position, null, null);
        }
    }

    private static RegisterMemory inFile(long size, long position) throws IOException {
        // Readable and writable by the owner only.
        var file = Files.createTempFile(directory(size), "vfio4j-bar-", ".mem");
        FileChannel channel = null;
        var arena = Arena.ofShared();
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            // Mapping more than there is makes the file longer; the new part reads as zeros and takes no room.
            var pages = channel.map(FileChannel.MapMode.READ_WRITE, position, size, arena);
            // Against a program that ends without closing its machine.
            file.toFile().deleteOnExit();
            return new RegisterMemory(arena, pages, position, channel, file);
        } catch (IOException | RuntimeException e) {
            arena.close();
            if (channel != null) {
                channel.close();
            }
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static Path directory(long size) throws IOException {
        return Files.isWritable(SHARED_MEMORY)
                        && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= size
                ? SHARED_MEMORY
                : Path.of(System.getProperty("java.io.tmpdir"));
    }

    /** The memory as the device sees it. */
    MemorySegment pages() {
        return pages;
    }

    /** A view that lives as long as an arena; null when the memory is in no file. */
    @Nullable
    MemorySegment map(Arena lifetime) {
        var source = channel;
        if (source == null) {
            return null;
        }
        try {
            return source.map(FileChannel.MapMode.READ_WRITE, position, pages.byteSize(), lifetime);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where other processes find it; null when the memory is in no file. */
    @Nullable
    FileRange range() {
        var found = file;
        return found == null ? null : new FileRange(found, position);
    }

    /** Zeroes it. Parts nobody ever touched stay without room of their own. */
    void clear() {
        var source = channel;
        if (source == null) {
            pages.fill((byte) 0);
            return;
        }
        var chunk = ByteBuffer.allocate(CHUNK);
        try {
            for (long at = 0; at < pages.byteSize(); at += CHUNK) {
                chunk.clear();
                int count = source.read(chunk, position + at);
                if (count > 0 && !zero(chunk.array(), count)) {
                    pages.asSlice(at, count).fill((byte) 0);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean zero(byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        arena.close();
        var source = channel;
        var path = file;
        if (source != null && path != null) {
            try {
                source.close();
                Files.deleteIfExists(path);
            } catch (IOException e) {
                LOG.warn("the file {} of a register was left behind: {}", path, e.toString());
            }
        }
    }
}
