// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A context's objects by id (kernel: {@code iommufd_ctx.objects}). Ids are the lowest free numbers from 1; a number is
 * reserved when construction starts and becomes findable when every step that can fail is done. Finding takes no lock.
 * Spec: iommufd §2.2 to §2.8.
 */
final class ObjectTable {
    private static final int FIRST_ID = 1;
    private static final int INITIAL_CAPACITY = 16;

    /** Guards {@link #numbers}, stores to {@link #slots}, and the context's modes below. The innermost lock of the backend. */
    private final ReentrantLock idLock = new ReentrantLock();

    /** Ids that are reserved or listed. */
    private final BitSet numbers = new BitSet(INITIAL_CAPACITY);

    /** Listed objects by id. Replaced by a longer copy under the lock; readers use whatever array they see. */
    private volatile AtomicReferenceArray<@Nullable IommufdObject> slots = new AtomicReferenceArray<>(INITIAL_CAPACITY);

    /** The IOAS that stands in for a container. No reference is held. Written under {@link #idLock}. */
    private volatile @Nullable Ioas standIn;

    /** Never taken back. Written under {@link #idLock}. */
    private volatile boolean noIommuMode;

    /** Changes under {@link #idLock} while there are no objects. */
    private volatile Accounting.Mode accountingMode = Accounting.Mode.USER;

    private final InternalErrors errors;

    ObjectTable(InternalErrors errors) {
        this.errors = errors;
    }

    /**
     * Takes the lowest free number for an object under construction.
     *
     * @throws VfioException EBUSY when there is none
     */
    void reserve(IommufdObject object) {
        idLock.lock();
        try {
            int id = numbers.nextClearBit(FIRST_ID);
            if (id == Integer.MAX_VALUE) {
                throw new VfioException(Errno.EBUSY, "all object ids of the iommufd are in use");
            }
            if (id >= slots.length()) {
                slots = copyWithCapacity(id * 2);
            }
            numbers.set(id);
            object.assignId(id);
        } finally {
            idLock.unlock();
        }
    }

    /** Gives the number of an object back whose construction failed. */
    void cancel(IommufdObject object) {
        idLock.lock();
        try {
            numbers.clear(object.id());
        } finally {
            idLock.unlock();
        }
    }

    /** Makes a reserved id findable. Cannot fail. */
    void publish(IommufdObject object) {
        idLock.lock();
        try {
            slots.set(object.id(), object);
        } finally {
            idLock.unlock();
        }
    }

    /**
     * Finds an object of a kind and begins a use of it, to be ended with {@link IommufdObject#put}.
     *
     * @throws VfioException ENOENT when there is no such object or it is of another kind
     */
    <T extends IommufdObject> T get(int id, Class<T> type) {
        IommufdObject object = find(id);
        if (object == null) {
            throw new VfioException(Errno.ENOENT, "the iommufd has no object with id " + Integer.toUnsignedString(id));
        }
        if (!type.isInstance(object)) {
            object.put();
            throw new VfioException(
                    Errno.ENOENT, "object " + id + " is a " + object.kind() + " and cannot be used here");
        }
        return type.cast(object);
    }

    /** Finds an object of any kind and begins a use of it; null when there is none. */
    @Nullable
    IommufdObject find(int id) {
        AtomicReferenceArray<@Nullable IommufdObject> now = slots;
        if (id < FIRST_ID || id >= now.length()) {
            return null;
        }
        IommufdObject object = now.get(id);
        return object != null && object.tryGet() ? object : null;
    }

    /** All objects of a kind by id; a use of each has begun. */
    <T extends IommufdObject> List<T> all(Class<T> type) {
        List<T> found = new ArrayList<>();
        for (int id = FIRST_ID; id < slots.length(); id++) {
            IommufdObject object = find(id);
            if (type.isInstance(object)) {
                found.add(type.cast(object));
            } else if (object != null) {
                object.put();
            }
        }
        return found;
    }

    /**
     * A user's DESTROY.
     *
     * @throws VfioException ENOENT, EBUSY
     */
    void destroy(int id) {
        IommufdObject object;
        idLock.lock();
        try {
            object = id < FIRST_ID || id >= slots.length() ? null : slots.get(id);
            if (object == null) {
                throw new VfioException(
                        Errno.ENOENT, "DESTROY refused: no object has id " + Integer.toUnsignedString(id));
            }
            if (!object.tryClaimForDestruction()) {
                throw new VfioException(Errno.EBUSY, "DESTROY refused: " + object.kind() + " " + id + " is in use");
            }
            unlist(object);
        } finally {
            idLock.unlock();
        }
        object.awaitIdle();
        object.free();
    }

    /** Destroys an object nobody needs any more; does nothing when somebody uses it after all. */
    void destroyIfUnused(IommufdObject object) {
        idLock.lock();
        try {
            if (!object.tryClaimForDestruction()) {
                return;
            }
            unlist(object);
        } finally {
            idLock.unlock();
        }
        object.awaitIdle();
        object.free();
    }

    /** Removes an object its driver owns; waits for calls that use it instead of failing. */
    void remove(IommufdObject object) {
        idLock.lock();
        try {
            unlist(object);
        } finally {
            idLock.unlock();
        }
        object.awaitIdle();
        object.free();
    }

    /** Whether no id is listed or reserved. */
    boolean isEmpty() {
        idLock.lock();
        try {
            return numbers.isEmpty();
        } finally {
            idLock.unlock();
        }
    }

    /** The IOAS that stands in for a container, dying or not, or null. */
    @Nullable
    Ioas standIn() {
        return standIn;
    }

    /** Designates the IOAS that stands in for a container; the caller is using it, or it is null for none. */
    void standIn(@Nullable Ioas ioas) {
        idLock.lock();
        try {
            standIn = ioas;
        } finally {
            idLock.unlock();
        }
    }

    /**
     * Lists an IOAS and designates it, unless a live one is designated already.
     *
     * @throws VfioException EINVAL in no-IOMMU mode
     */
    void ensureStandIn(Ioas candidate) {
        idLock.lock();
        try {
            if (noIommuMode) {
                throw new VfioException(Errno.EINVAL, "the iommufd is in no-IOMMU mode and takes no other group");
            }
            // Dying objects are taken out of the designation when they are unlisted, which needs this lock.
            if (standIn == null) {
                reserve(candidate);
                publish(candidate);
                standIn = candidate;
            }
        } finally {
            idLock.unlock();
        }
    }

    /** @throws VfioException EINVAL when an IOAS stands in for a container */
    void latchNoIommuMode() {
        idLock.lock();
        try {
            if (standIn != null) {
                throw new VfioException(
                        Errno.EINVAL, "an IOAS of the iommufd stands in for a container: no-IOMMU groups cannot join");
            }
            noIommuMode = true;
        } finally {
            idLock.unlock();
        }
    }

    boolean noIommuMode() {
        return noIommuMode;
    }

    Accounting.Mode accountingMode() {
        return accountingMode;
    }

    /**
     * Changes how mappings are charged.
     *
     * @param value 0 per user, 1 per process
     * @throws VfioException EBUSY when there is any object, EINVAL for another value
     */
    void setAccountingMode(long value) {
        idLock.lock();
        try {
            if (!numbers.isEmpty()) {
                throw new VfioException(Errno.EBUSY, "the accounting mode cannot change while the iommufd has objects");
            }
            if (value != 0 && value != 1) {
                throw new VfioException(Errno.EINVAL, "there is no accounting mode " + value);
            }
            accountingMode = value == 0 ? Accounting.Mode.USER : Accounting.Mode.PROCESS;
        } finally {
            idLock.unlock();
        }
    }

    /** The context dies: destroys every object, dependants before what they depend on. */
    void destroyAll() {
        boolean progress = true;
        while (progress) {
            progress = false;
            AtomicReferenceArray<@Nullable IommufdObject> now = slots;
            for (int id = FIRST_ID; id < now.length(); id++) {
                IommufdObject object = now.get(id);
                if (object != null && object.tryClaimForDestruction()) {
                    remove(object);
                    progress = true;
                }
            }
        }
        if (!isEmpty()) {
            errors.report("objects survive their iommufd: ids " + numbers);
        }
    }

    private void unlist(IommufdObject object) {
        slots.set(object.id(), null);
        numbers.clear(object.id());
        if (standIn == object) {
            standIn = null;
        }
    }

    private AtomicReferenceArray<@Nullable IommufdObject> copyWithCapacity(int capacity) {
        AtomicReferenceArray<@Nullable IommufdObject> old = slots;
        var copy = new AtomicReferenceArray<@Nullable IommufdObject>(capacity);
        for (int id = 0; id < old.length(); id++) {
            copy.set(id, old.get(id));
        }
        return copy;
    }
}
