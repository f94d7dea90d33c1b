// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Handles by the name of their real file: {@code SLOT-GENERATION}, in a further folder behind that folder's number. A slot is used
 * again, a generation never is. Thread-safe; finding a handle neither locks nor allocates.
 */
final class HandleTable {
    /** Guards changes of everything here. Innermost, held briefly. */
    private final ReentrantLock slotsLock = new ReentrantLock();

    private final BitSet taken = new BitSet();
    private int generations;
    private boolean over;

    /** By slot. Grown by copying under the lock. */
    private volatile @Nullable Handle[] handles = new @Nullable Handle[64];

    private volatile long releases;

    /**
     * A handle of an open file.
     *
     * @throws VfioException ENOSYS when all is over
     */
    Handle add(WatchedFolder folder, Origin origin, UapiFile file, int flags) {
        slotsLock.lock();
        try {
            if (over) {
                throw ended();
            }
            int slot = taken.nextClearBit(0);
            taken.set(slot);
            if (slot >= handles.length) {
                handles = Arrays.copyOf(handles, handles.length * 2);
            }
            var handle = new Handle(slot, ++generations, folder, origin, file, flags);
            handles[slot] = handle;
            return handle;
        } finally {
            slotsLock.unlock();
        }
    }

    /** What whoever comes after the end is told. */
    static VfioException ended() {
        return new VfioException(Errno.ENOSYS, "the program lives longer than its machine");
    }

    /** Takes a handle away; false when somebody else did. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    boolean remove(Handle handle) {
        slotsLock.lock();
        try {
            if (handles[handle.slot()] != handle) {
                return false;
            }
            handles[handle.slot()] = null;
            taken.clear(handle.slot());
            releases++;
            return true;
        } finally {
            slotsLock.unlock();
        }
    }

    /** From now on nothing is added. */
    void end() {
        slotsLock.lock();
        try {
            over = true;
        } finally {
            slotsLock.unlock();
        }
    }

    /** The handle of a real file. */
    @Nullable
    Handle named(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return named(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    /**
     * The handle of a real file.
     *
     * @param text has its name below the folder of all from {@code start} to {@code end}
     * @return null when there is none
     */
    @Nullable
    Handle named(MemorySegment text, long start, long end) {
        int slot = -1;
        int number = 0;
        for (long at = start; at < end; at++) {
            byte next = text.get(ValueLayout.JAVA_BYTE, at);
            if (next >= '0' && next <= '9') {
                number = number * 10 + next - '0';
            } else if (next == '/') {
                number = 0; // it was a further folder's
            } else if (next == '-' && slot < 0) {
                slot = number;
                number = 0;
            } else {
                break; // of the same handle's files the name goes on, and the kernel tells that one is deleted
            }
        }
        @Nullable Handle[] now = handles;
        Handle handle = slot >= 0 && slot < now.length ? now[slot] : null;
        return handle != null && handle.generation() == number ? handle : null;
    }

    /** Those there are; null for a slot that is free. */
    @Nullable
    Handle[] all() {
        return handles.clone();
    }

    /** How many there are. */
    int count() {
        slotsLock.lock();
        try {
            return taken.cardinality();
        } finally {
            slotsLock.unlock();
        }
    }

    /** How many have been taken away so far. */
    long releases() {
        return releases;
    }
}
