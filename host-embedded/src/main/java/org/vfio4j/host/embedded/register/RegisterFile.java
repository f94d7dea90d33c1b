// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A sparse file for registers, in the system's shared memory where there is one; only its owner can open it. Nothing here
 * minds an interrupt of the thread: a channel would close itself. One thread at a time.
 */
final class RegisterFile implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Path path;
    private final RandomAccessFile file;

    private RegisterFile(Path path) throws IOException {
        this.path = path;
        this.file = new RandomAccessFile(path.toFile(), "rw");
    }

    /**
     * Makes an empty one, with a new name.
     *
     * @param room bytes it may come to hold
     */
    static RegisterFile make(long room) throws IOException {
        // Readable and writable by the owner only.
        return open(Files.createTempFile(directory(room), "vfio4j-bar-", ".mem"));
    }

    /** Makes an empty one with a name there was before: another file than that, which somebody may still have. */
    static RegisterFile make(Path name) throws IOException {
        return open(Files.createFile(
                name, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
    }

    private static RegisterFile open(Path path) throws IOException {
        try {
            return new RegisterFile(path);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    private static Path directory(long room) throws IOException {
        return Files.isWritable(SHARED_MEMORY)
                        && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= room
                ? SHARED_MEMORY
                : Path.of(System.getProperty("java.io.tmpdir"));
    }

    Path path() {
        return path;
    }

    /** Reads; answers the number of bytes, which is smaller than asked for only at the end. */
    int read(long position, byte[] target) throws IOException {
        file.seek(position);
        int done = 0;
        while (done < target.length) {
            int count = file.read(target, done, target.length - done);
            if (count < 0) {
                break;
            }
            done += count;
        }
        return done;
    }

    /** Writes; a gap before the position is a hole of zeros. Whoever maps the file sees new pages only when they are written. */
    void write(long position, byte[] source, int length) throws IOException {
        file.seek(position);
        file.write(source, 0, length);
    }

    /** Takes everything away from whoever maps it. */
    void truncate() throws IOException {
        file.setLength(0);
    }

    /** A view. What the file lacks at its end is added as zeros that take no room. */
    MemorySegment map(long position, long length, Arena lifetime) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                interrupted |= Thread.interrupted();
                try (var channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    return channel.map(FileChannel.MapMode.READ_WRITE, position, length, lifetime);
                } catch (ClosedByInterruptException again) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Takes the name away; nobody new can open it. */
    void delete() throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            delete();
        }
    }
}
