// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.VfioException;

/**
 * Writes to attributes through descriptors whose writes are not intercepted: a shell moves what it opened to descriptor 1. What
 * was written is found in the real file and given to the attribute then, so a refusal comes too late for the writer; it is
 * reported instead. One thread does it, since a write may block; the program's next calls wait a while for it.
 */
public final class LateWrites implements AutoCloseable {
    private static final long PATIENCE_MILLISECONDS = 2_000;

    /** Bytes that are taken at once. */
    private static final int MOST = 1 << 20;

    private final ExecutorService writer = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().name("vfio4j-late-writes").unstarted(task));
    private final BiConsumer<String, VfioException> refused;
    private final AtomicLong aliases = new AtomicLong();

    /** The last write that may not have been made yet; null when somebody has waited for it. */
    private final AtomicReference<@Nullable Future<?>> last = new AtomicReference<>();

    /**
     * Starts nothing yet.
     *
     * @param refused told which attribute refused a write, and why
     */
    public LateWrites(BiConsumer<String, VfioException> refused) {
        this.refused = refused;
    }

    /**
     * Takes what was written out of a real file.
     *
     * @param staging a folder where nobody watches: the file is opened by another name there, since closing it where it is would
     *     look as if the program did
     */
    void collect(Path real, Path staging, AttributeFile attribute, String path) {
        byte[] written;
        Path alias = staging.resolve("written-" + aliases.incrementAndGet());
        try {
            Files.createLink(alias, real);
            try (var channel = FileChannel.open(alias, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                // The writer's position only grows, so what is new is at the end.
                long size = channel.size();
                long start = Math.max(0, size - MOST);
                var buffer = ByteBuffer.allocate((int) (size - start));
                int bytes = Math.max(0, channel.read(buffer, start));
                written = withoutHole(buffer.array(), bytes);
                if (written.length == 0 || attribute.isInitial(written)) {
                    return;
                }
                // Zeros instead of nothing: what is written behind these bytes in this moment has to stay.
                channel.write(ByteBuffer.allocate(bytes), start);
            } finally {
                Files.delete(alias);
            }
        } catch (IOException gone) {
            return;
        }
        last.set(writer.submit(() -> {
            try {
                attribute.write(0, MemorySegment.ofArray(written));
            } catch (VfioException e) {
                refused.accept(path, e);
            }
        }));
    }

    /** What was taken before is zeros. */
    private static byte[] withoutHole(byte[] bytes, int end) {
        int start = 0;
        while (start < end && bytes[start] == 0) {
            start++;
        }
        return Arrays.copyOfRange(bytes, start, end);
    }

    /** Waits until everything collected so far is written, but not for ever. */
    public void await() {
        Future<?> pending = last.get();
        if (pending == null) {
            return;
        }
        try {
            pending.get(PATIENCE_MILLISECONDS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } catch (TimeoutException | ExecutionException e) {
            // It goes on; others need not wait again.
        }
        last.compareAndSet(pending, null);
    }

    @Override
    public void close() {
        writer.shutdownNow();
    }
}
