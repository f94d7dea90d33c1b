// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A caller's descriptors (kernel: {@code files_struct}). Numbers are the lowest free ones. Thread-safe. */
public interface FdTable {
    /**
     * The open file behind a descriptor, with a reference the caller gives back (kernel: {@code fdget}).
     *
     * @throws VfioException EBADF when the number is negative or not open
     */
    FileReference get(int fd);

    /**
     * The event file behind a descriptor (kernel: {@code eventfd_ctx_fdget}), which may be kept.
     *
     * @throws VfioException EBADF when the number is negative or not open, EINVAL when it is no eventfd
     */
    default EventFile event(int fd) {
        try (var reference = get(fd)) {
            if (reference.file() instanceof EventFile event) {
                return event;
            }
        }
        throw new VfioException(Errno.EINVAL, "descriptor " + fd + " is no eventfd");
    }

    /**
     * Takes a number without making it usable yet (kernel: {@code get_unused_fd_flags}).
     *
     * @throws VfioException EMFILE when the table is full
     */
    int reserve();

    /** Publishes a file, with close-on-exec set, under a reserved number; the table now owns the file. Cannot fail. */
    void install(int fd, UapiFile file);

    /** Gives a reserved number back. */
    void cancel(int fd);
}
