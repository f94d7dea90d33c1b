// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Descriptors of one caller in this JVM (kernel: {@code files_struct}). Lookups take no lock and do not allocate. Files
 * are never closed under the table's lock.
 */
public final class LocalFdTable implements FdTable {
    private static final VarHandle DESCRIPTORS = MethodHandles.arrayElementVarHandle(Descriptor[].class);
    private static final int INITIAL_CAPACITY = 16;

    /** How many numbers there are. */
    private volatile int maxFiles;

    /** Guards which numbers are taken, stores to {@link #descriptors}, and {@link #closed}. Innermost, held briefly. */
    private final ReentrantLock numbersLock = new ReentrantLock();

    /** Reserved or published numbers. */
    private final BitSet taken = new BitSet();

    /** By number; null where nothing is published. Grown by copying under the lock. */
    private volatile @Nullable Descriptor[] descriptors = new Descriptor[INITIAL_CAPACITY];

    private boolean closed;

    /**
     * An empty table.
     *
     * @param maxFiles how many numbers there are ({@code RLIMIT_NOFILE})
     */
    public LocalFdTable(int maxFiles) {
        this.maxFiles = maxFiles;
    }

    /** Changes how many numbers there are; what is open beyond stays open. */
    void limit(int numbers) {
        maxFiles = numbers;
    }

    private record Descriptor(OpenFile file, boolean closeOnExec) {}

    @Override
    public FileReference get(int fd) {
        return acquire(fd);
    }

    /** Whether a descriptor goes away in a new program (kernel: {@code FD_CLOEXEC}). */
    public boolean closeOnExec(int fd) {
        return descriptor(fd).closeOnExec;
    }

    /** {@link #get} for this package, which also looks at access mode and position. */
    OpenFile acquire(int fd) {
        while (true) {
            OpenFile file = descriptor(fd).file;
            if (file.tryAcquire()) {
                return file;
            }
            // Closed in between: the number is free now or leads to another file.
        }
    }

    @Override
    public int reserve() {
        numbersLock.lock();
        try {
            if (closed) {
                throw new VfioException(Errno.ESRCH, "the process has ended");
            }
            int fd = taken.nextClearBit(0);
            if (fd >= maxFiles) {
                throw new VfioException(Errno.EMFILE, "all " + maxFiles + " descriptors are in use");
            }
            if (fd >= descriptors.length) {
                descriptors = Arrays.copyOf(descriptors, descriptors.length * 2);
            }
            taken.set(fd);
            return fd;
        } finally {
            numbersLock.unlock();
        }
    }

    @Override
    public void install(int fd, UapiFile file) {
        publish(fd, new OpenFile(file, OpenFlags.O_RDWR), true);
    }

    /** Publishes an open file, whose reference the table takes over. When the process has ended it is closed at once. */
    void publish(int fd, OpenFile file, boolean closeOnExec) {
        numbersLock.lock();
        try {
            if (!closed) {
                if (fd < 0 || !taken.get(fd) || descriptors[fd] != null) {
                    throw new IllegalStateException("descriptor " + fd + " is not reserved");
                }
                DESCRIPTORS.setRelease(descriptors, fd, new Descriptor(file, closeOnExec));
                return;
            }
        } finally {
            numbersLock.unlock();
        }
        file.close();
    }

    @Override
    public void cancel(int fd) {
        numbersLock.lock();
        try {
            if (closed) {
                return;
            }
            if (fd < 0 || !taken.get(fd) || descriptors[fd] != null) {
                throw new IllegalStateException("descriptor " + fd + " is not reserved");
            }
            taken.clear(fd);
        } finally {
            numbersLock.unlock();
        }
    }

    /**
     * Makes another descriptor of the same open file, not closed on exec.
     *
     * @throws VfioException EBADF, EMFILE
     */
    int dup(int fd) {
        OpenFile file = acquire(fd);
        try {
            int copy = reserve();
            publish(copy, file, false);
            return copy;
        } catch (VfioException refused) {
            file.close();
            throw refused;
        }
    }

    /**
     * Closes a descriptor.
     *
     * @throws VfioException EBADF when it is not open
     */
    void close(int fd) {
        OpenFile file;
        numbersLock.lock();
        try {
            file = descriptor(fd).file;
            DESCRIPTORS.setRelease(descriptors, fd, (Descriptor) null);
            taken.clear(fd);
        } finally {
            numbersLock.unlock();
        }
        file.close();
    }

    /** Closes all descriptors, lowest first, and refuses new ones. Idempotent. */
    void closeAll() {
        List<OpenFile> files = new ArrayList<>();
        numbersLock.lock();
        try {
            closed = true;
            taken.clear();
            for (Descriptor descriptor : descriptors) {
                if (descriptor != null) {
                    files.add(descriptor.file);
                }
            }
            descriptors = new Descriptor[0];
        } finally {
            numbersLock.unlock();
        }
        files.forEach(OpenFile::close);
    }

    private Descriptor descriptor(int fd) {
        @Nullable Descriptor[] now = descriptors;
        Descriptor descriptor = fd >= 0 && fd < now.length ? (Descriptor) DESCRIPTORS.getAcquire(now, fd) : null;
        if (descriptor == null) {
            throw new VfioException(Errno.EBADF, "descriptor " + fd + " is not open");
        }
        return descriptor;
    }
}
