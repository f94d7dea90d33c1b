// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

/** A caller's descriptors (kernel: {@code files_struct}). Numbers are the lowest free ones. Thread-safe. */
public interface FdTable {
    /**
     * The open file behind a descriptor, with a reference the caller gives back (kernel: {@code fdget}).
     *
     * @throws org.vfio4j.uapi.VfioException EBADF when the number is negative or not open
     */
    FileReference get(int fd);

    /**
     * Takes a number without making it usable yet (kernel: {@code get_unused_fd_flags}).
     *
     * @throws org.vfio4j.uapi.VfioException EMFILE when the table is full
     */
    int reserve();

    /** Publishes a file, with close-on-exec set, under a reserved number; the table now owns the file. Cannot fail. */
    void install(int fd, UapiFile file);

    /** Gives a reserved number back. */
    void cancel(int fd);
}
