// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.memory.FileRange;

/**
 * Where the bytes of registers are: in {@link PrivatePages}, where the device alone reaches them, or, while there is a mapping
 * and the driver shows it, in a {@link RegisterWindow}. Taken when first touched; zero at first. One thread at a time; moving
 * the bytes ends the views there were.
 */
final class RegisterPlace implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterPlace.class);

    private final long position;
    private final long size;

    /** Where the device accesses them; null before the first touch and after the end. */
    private @Nullable MemorySegment view;

    private @Nullable PrivatePages store;

    /** There while a mapping exists. */
    private @Nullable RegisterWindow window;

    /** The name windows have, one after the other. */
    private @Nullable Path windowName;

    private int mappings;
    private boolean shown = true;

    /**
     * Takes nothing yet.
     *
     * @param position where the first byte lies in the window's file
     * @param size whole pages
     */
    RegisterPlace(long position, long size) {
        this.position = position;
        this.size = size;
    }

    /** The device's view. */
    MemorySegment touch() {
        var now = view;
        if (now == null) {
            var taken = PrivatePages.of(size);
            store = taken;
            now = taken.view();
            view = now;
        }
        return now;
    }

    /** The device's view; null when nobody has touched it yet, and after the end. */
    @Nullable
    MemorySegment touched() {
        return view;
    }

    boolean mappable() {
        touch();
        return window != null || (store != null && store.inFile());
    }

    boolean mapped() {
        return mappings > 0;
    }

    /** Somebody who has the window's file truncated it and so wiped the registers out. */
    void lost() {
        var broken = window;
        if (broken == null || broken.view() == null) {
            throw new IllegalStateException("the device's own pages are gone");
        }
        LOG.warn("registers were wiped out by a program that truncated {}", broken.path());
        broken.shut();
        var fresh = PrivatePages.of(size);
        store = fresh;
        view = fresh.view();
    }

    /** Zeroes everything where it is. */
    void clear() throws IOException {
        var place = window != null && window.view() != null ? window : store;
        if (place != null) {
            RegisterPages.clear(place);
        }
    }

    /** One more mapping; none more when there is no place for it. */
    void beginMapping() throws IOException {
        if (mappings == 0) {
            makeWindow();
        }
        mappings++;
        try {
            settle();
        } catch (IOException e) {
            if (--mappings == 0) {
                dropWindow();
            }
            throw e;
        }
    }

    private void makeWindow() throws IOException {
        var file = windowName == null ? RegisterFile.make(size) : RegisterFile.make(windowName);
        if (windowName == null) {
            windowName = file.path();
            // Against a program that ends without closing its machine.
            windowName.toFile().deleteOnExit();
        }
        window = new RegisterWindow(file, position, size);
    }

    private void dropWindow() {
        var dropped = window;
        window = null;
        if (dropped != null) {
            if (dropped.view() != null) {
                view = null; // the bytes could not be moved
            }
            dropped.close();
        }
    }

    /** One mapping less; the window goes with the last one. */
    void endMapping() {
        if (mappings == 0) {
            throw new IllegalStateException("more mappings ended than began");
        }
        if (--mappings == 0) {
            settleSomehow();
            dropWindow();
        }
    }

    /** Whether mappings reach the registers. */
    void show(boolean reachable) {
        shown = reachable;
        settleSomehow();
    }

    /** {@link #settle}, where nobody can be told that it did not work. */
    private void settleSomehow() {
        try {
            settle();
        } catch (IOException e) {
            LOG.error("mappings of registers cannot be served: {}", e.toString());
        }
    }

    /** Moves the bytes to where they belong now. */
    private void settle() throws IOException {
        var shared = window;
        boolean wanted = shown && mappings > 0;
        if (shared == null || wanted == (shared.view() != null)) {
            return;
        }
        if (wanted) {
            touch();
            var from = store;
            if (from != null) {
                view = shared.open(from);
                store = null;
                from.close();
            }
            return;
        }
        var to = copyOf(shared);
        store = to;
        view = to.view();
        shared.shut();
    }

    /** A copy that is complete, wherever there is room for it. */
    private PrivatePages copyOf(RegisterWindow shared) throws IOException {
        var inFile = PrivatePages.of(size);
        try {
            RegisterPages.copy(shared, inFile);
            return inFile;
        } catch (IOException e) {
            LOG.warn("no room for registers in a file: {}", e.toString());
            inFile.close();
        }
        var inMemory = PrivatePages.withoutFile(size);
        try {
            RegisterPages.copy(shared, inMemory);
            return inMemory;
        } catch (IOException e) {
            inMemory.close();
            throw e;
        }
    }

    /**
     * A fresh view of the window.
     *
     * @throws IllegalStateException when it is not shown
     */
    MemorySegment map(Arena lifetime) throws IOException {
        var shared = window;
        if (shared == null || shared.view() == null) {
            throw new IllegalStateException("the registers cannot be reached now");
        }
        return shared.map(lifetime);
    }

    /** Where other processes find the window. */
    Optional<FileRange> file() {
        return Optional.ofNullable(window).map(RegisterWindow::range);
    }

    @Override
    public void close() {
        view = null;
        dropWindow();
        var own = store;
        store = null;
        if (own != null) {
            own.close();
        }
    }
}
