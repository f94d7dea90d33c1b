// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.Vfio;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Calls to the core in this process. */
final class InProcessSystem implements UapiSystem {
    private static final int WRITE_ONLY = 1;

    private final UapiProcess process;
    private final VirtualTree tree;
    private final Map<Long, UapiMapping> mappings = new ConcurrentHashMap<>();

    InProcessSystem(Vfio vfio, ProcessOptions options) {
        this.process = vfio.newProcess(options);
        this.tree = vfio.tree();
    }

    private static long call(LongSupplier call) {
        try {
            return call.getAsLong();
        } catch (VfioException refused) {
            return UapiSystem.refusal(refused.errno());
        }
    }

    @Override
    public long open(String path) {
        return call(() -> process.open(path, UapiProcess.O_RDWR));
    }

    @Override
    public long openReadOnly(String path) {
        return call(() -> process.open(path, UapiProcess.O_RDONLY));
    }

    @Override
    public String fdinfo(long fd) {
        try (var reference = process.files().get((int) fd)) {
            return reference.file().fdinfo();
        }
    }

    @Override
    public long writeFile(String path, String content) {
        return call(() -> {
            byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
            var buffer = process.allocate(Math.max(1, bytes.length));
            int fd = process.open(path, WRITE_ONLY);
            try {
                MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
                process.write(fd, buffer.address(), bytes.length);
            } finally {
                process.close(fd);
                process.free(buffer);
            }
            return 0;
        });
    }

    @Override
    public String readLink(String path) {
        return tree.find(path)
                .filter(VirtualTree.Link.class::isInstance)
                .map(VirtualTree.Link.class::cast)
                .map(VirtualTree.Link::target)
                .orElse("");
    }

    @Override
    public String list(String path) {
        return tree.resolve(path)
                .filter(VirtualTree.Directory.class::isInstance)
                .map(VirtualTree.Directory.class::cast)
                .map(directory -> String.join("\n", directory.names()))
                .orElse("");
    }

    @Override
    public long ioctl(long fd, int command, long argument) {
        return call(() -> process.ioctl((int) fd, command, argument));
    }

    @Override
    public long read(long fd, MemorySegment target) {
        return call(() -> process.read((int) fd, target.address(), target.byteSize()));
    }

    @Override
    public long write(long fd, MemorySegment source) {
        return call(() -> process.write((int) fd, source.address(), source.byteSize()));
    }

    @Override
    public long pread(long fd, MemorySegment target, long position) {
        return call(() -> process.pread((int) fd, target.address(), target.byteSize(), position));
    }

    @Override
    public long pwrite(long fd, MemorySegment source, long position) {
        return call(() -> process.pwrite((int) fd, source.address(), source.byteSize(), position));
    }

    @Override
    public long mmap(long fd, long offset, long length, int protection) {
        return call(() -> {
            var mapping = process.mmap((int) fd, offset, length, protection, true);
            mappings.put(mapping.segment().address(), mapping);
            return mapping.segment().address();
        });
    }

    @Override
    public byte[] peek(long address, int length) {
        // Bytes that were revoked meanwhile come back at another address; the program knows the one mmap gave it.
        for (var mapped : mappings.entrySet()) {
            long at = address - mapped.getKey();
            var bytes = mapped.getValue().segment();
            if (at >= 0 && at + length <= bytes.byteSize()) {
                return bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
            }
        }
        throw new AssertionError("no mapping at 0x" + Long.toHexString(address));
    }

    @Override
    public long munmap(long address) {
        Objects.requireNonNull(mappings.remove(address), "mapping").close();
        return 0;
    }

    @Override
    public long poll(long fd) {
        return call(() -> process.poll((int) fd));
    }

    @Override
    public long close(long fd) {
        return call(() -> {
            process.close((int) fd);
            return 0;
        });
    }

    @Override
    public long dup(long fd) {
        return call(() -> process.dup((int) fd));
    }

    @Override
    public long eventfd() {
        return call(() -> process.eventfd(0));
    }

    @Override
    public long memoryFile(long size) {
        return call(() -> process.memoryFile(process.allocate(size)));
    }

    @Override
    public long truncate(long fd, long size) {
        return call(() -> {
            process.truncate((int) fd, size);
            return 0;
        });
    }

    @Override
    public long readOnly(long fd) {
        return UapiSystem.refusal(Errno.ENOSYS);
    }

    @Override
    public MemorySegment memory(long size) {
        return process.allocate(size);
    }

    @Override
    public void free(MemorySegment memory) {
        process.free(memory);
    }

    @Override
    public void protect(MemorySegment memory, int protection) {
        process.protect(memory, protection);
    }

    @Override
    public void become(ProcessOptions options) {
        process.become(options);
    }

    @Override
    public void close() {
        process.close();
    }
}
