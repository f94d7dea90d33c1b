// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.vfio4j.ProcessOptions;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.uapi.Errno;

/**
 * System calls that another process makes: {@code agent.c}, told over a socket. Its memory is a file that both processes have
 * mapped at the same address, so that pointers mean the same on either side.
 */
final class AgentSystem implements UapiSystem {
    private static final int CALLS = 16;

    /** Guards the connection: one request at a time, with its answer. A leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    private final SocketChannel peer;
    private final Path folder;
    private final Map<Long, Shared> memory = new ConcurrentHashMap<>();
    private final Map<Long, Long> mappings = new ConcurrentHashMap<>();

    /** In the order of the agent's own list. */
    private enum Operation {
        OPEN,
        IOCTL,
        READ,
        WRITE,
        PREAD,
        PWRITE,
        MMAP,
        MUNMAP,
        POLL,
        CLOSE,
        DUP,
        EVENTFD,
        SHARE,
        PROTECT,
        BECOME,
        READLINK,
        LIST,
        WRITE_FILE,
        FORK,
        PEEK,
        LSEEK,
        READ_FILE,
        MEMORY_FILE,
        TRUNCATE
    }

    private record Shared(Arena arena, long size) {}

    @SuppressWarnings("ArrayRecordComponent") // lives for one call
    private record Answer(long result, byte[] data) {}

    /**
     * A connected agent.
     *
     * @param peer its socket, closed with this
     * @param folder where files for shared memory can be made
     */
    AgentSystem(SocketChannel peer, Path folder) {
        this.peer = peer;
        this.folder = folder;
    }

    @SuppressWarnings("EnumOrdinal") // the agent numbers its operations in the same order
    private Answer ask(Operation operation, byte[] text, long... numbers) {
        lock.lock();
        try {
            var request = ByteBuffer.allocate(7 * Long.BYTES + text.length).order(ByteOrder.nativeOrder());
            request.putLong(operation.ordinal() + 1L);
            for (int i = 0; i < 5; i++) {
                request.putLong(i < numbers.length ? numbers[i] : 0);
            }
            request.putLong(text.length).put(text).flip();
            while (request.hasRemaining()) {
                peer.write(request);
            }
            var head = receive(2 * Long.BYTES);
            long result = head.getLong();
            return new Answer(result, receive((int) head.getLong()).array());
        } catch (IOException e) {
            throw new UncheckedIOException("the agent does not answer " + operation, e);
        } finally {
            lock.unlock();
        }
    }

    private ByteBuffer receive(int length) throws IOException {
        var buffer = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        while (buffer.hasRemaining()) {
            if (peer.read(buffer) < 0) {
                throw new IOException("the agent has ended");
            }
        }
        return buffer.flip();
    }

    private long call(Operation operation, long... numbers) {
        return ask(operation, new byte[0], numbers).result();
    }

    private long call(Operation operation, String path, long... numbers) {
        return ask(operation, path.getBytes(StandardCharsets.UTF_8), numbers).result();
    }

    /** Starts a copy of the agent that connects on its own. */
    void fork() {
        Program.require("fork", call(Operation.FORK));
    }

    @Override
    public String readLink(String path) {
        return new String(
                ask(Operation.READLINK, path.getBytes(StandardCharsets.UTF_8)).data(), StandardCharsets.UTF_8);
    }

    @Override
    public String list(String path) {
        var names = new String(
                ask(Operation.LIST, path.getBytes(StandardCharsets.UTF_8)).data(), StandardCharsets.UTF_8);
        return names.lines().sorted().collect(Collectors.joining("\n"));
    }

    @Override
    public long writeFile(String path, String content) {
        return call(Operation.WRITE_FILE, path + "\0" + content);
    }

    @Override
    public long open(String path) {
        return call(Operation.OPEN, path, 2);
    }

    @Override
    public long openReadOnly(String path) {
        return call(Operation.OPEN, path, 0);
    }

    @Override
    public String fdinfo(long fd) {
        var answer = ask(Operation.READ_FILE, ("/proc/self/fdinfo/" + fd).getBytes(StandardCharsets.UTF_8));
        Program.require("read of fdinfo", answer.result());
        return new String(answer.data(), StandardCharsets.UTF_8);
    }

    @Override
    public long ioctl(long fd, int command, long argument) {
        return call(Operation.IOCTL, fd, command, argument);
    }

    @Override
    public long read(long fd, MemorySegment target) {
        return call(Operation.READ, fd, target.address(), target.byteSize());
    }

    @Override
    public long write(long fd, MemorySegment source) {
        return call(Operation.WRITE, fd, source.address(), source.byteSize());
    }

    @Override
    public long pread(long fd, MemorySegment target, long position) {
        return call(Operation.PREAD, fd, target.address(), target.byteSize(), position);
    }

    @Override
    public long pwrite(long fd, MemorySegment source, long position) {
        return call(Operation.PWRITE, fd, source.address(), source.byteSize(), position);
    }

    @Override
    public long mmap(long fd, long offset, long length, int protection) {
        long address = call(Operation.MMAP, fd, offset, length, protection);
        if (address > 0) {
            mappings.put(address, length);
        }
        return address;
    }

    @Override
    public byte[] peek(long address, int length) {
        return ask(Operation.PEEK, new byte[0], address, length).data();
    }

    @Override
    public long munmap(long address) {
        return call(Operation.MUNMAP, address, mappings.remove(address));
    }

    @Override
    public long poll(long fd) {
        return call(Operation.POLL, fd);
    }

    @Override
    public long close(long fd) {
        return call(Operation.CLOSE, fd);
    }

    @Override
    public long dup(long fd) {
        return call(Operation.DUP, fd);
    }

    @Override
    public long eventfd() {
        return call(Operation.EVENTFD);
    }

    @Override
    public long memoryFile(long size) {
        return call(Operation.MEMORY_FILE, size);
    }

    @Override
    public long truncate(long fd, long size) {
        return call(Operation.TRUNCATE, fd, size);
    }

    @Override
    public long readOnly(long fd) {
        return openReadOnly("/proc/self/fd/" + fd);
    }

    @Override
    public MemorySegment memory(long size) {
        for (int attempt = 0; ; attempt++) {
            var arena = Arena.ofShared();
            try {
                var file = Files.createTempFile(folder, "memory", "");
                MemorySegment segment;
                try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    long pages = (size + 4095) & -4096;
                    channel.write(ByteBuffer.allocate(1), pages - 1);
                    segment = channel.map(FileChannel.MapMode.READ_WRITE, 0, pages, arena);
                    long shared = call(Operation.SHARE, file.toString(), segment.address(), pages);
                    if (shared == 0) {
                        memory.put(segment.address(), new Shared(arena, pages));
                        return segment.asSlice(0, size);
                    }
                    if (attempt == CALLS || shared != -Errno.EEXIST.number()) {
                        throw new AssertionError("the agent cannot map memory at the test's address: " + shared);
                    }
                } finally {
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("no memory to share", e);
            }
            // The address is taken over there. Left mapped, so that the next attempt gets another one.
        }
    }

    @Override
    public void free(MemorySegment segment) {
        var shared = memory.remove(segment.address());
        if (shared == null) {
            throw new IllegalArgumentException("not memory of this program");
        }
        Program.require("munmap", call(Operation.MUNMAP, segment.address(), shared.size()));
        shared.arena().close();
    }

    @Override
    public void protect(MemorySegment segment, int protection) {
        long pages = (segment.byteSize() + 4095) & -4096;
        Program.require("mprotect", call(Operation.PROTECT, segment.address(), pages, protection));
    }

    @Override
    @SuppressWarnings("EnumOrdinal") // the agent lists the capabilities in the same order
    public void become(ProcessOptions options) {
        long capabilities = 0;
        for (Capability capability : options.capabilities()) {
            capabilities |= 1L << capability.ordinal();
        }
        long limit = options.memlockLimit() == Long.MAX_VALUE ? -1 : options.memlockLimit();
        Program.require("become", call(Operation.BECOME, capabilities, limit, options.maxFiles()));
    }

    @Override
    public void close() {
        try {
            peer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the agent's socket", e);
        }
        memory.values().forEach(shared -> shared.arena().close());
        memory.clear();
    }
}
