// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxStat;
import org.vfio4j.runner.process.SharedFiles.Outcome;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.PageFile;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A file of the program that is made of memory pages, on shmem or hugetlbfs, by a descriptor of our own: {@code memfd_create}, files
 * in {@code /dev/shm}. Spec: iommufd §5.5.1.
 */
final class ForeignPageFile implements PageFile {
    private final int fd;
    private final String name;
    private final FileId id;
    private final PhysicalMemory physical;
    private final SharedFiles files;

    private ForeignPageFile(int fd, String name, FileId id, PhysicalMemory physical, SharedFiles files) {
        this.fd = fd;
        this.name = name;
        this.id = id;
        this.physical = physical;
        this.files = files;
    }

    /**
     * The file behind a descriptor of this process.
     *
     * @param fd the file's from now on, unless it is of another kind
     * @param name what the kernel calls it
     * @return null for a file of another kind
     */
    static @Nullable ForeignPageFile of(int fd, String name, PhysicalMemory physical, SharedFiles files) {
        LinuxStat.Status status = LinuxStat.of(fd);
        LinuxStat.FileSystem system = LinuxStat.fileSystem(fd);
        boolean hasPages = status.regular()
                && system.error() == 0
                && (system.type() == LinuxStat.TMPFS || system.type() == LinuxStat.HUGETLBFS);
        return hasPages ? new ForeignPageFile(fd, name, FileId.of(status), physical, files) : null;
    }

    @Override
    public void pin(long offset, long length, boolean write, RunSink sink) {
        long size = LinuxStat.of(fd).size();
        if (offset < 0 || length <= 0 || offset > size - length) {
            throw beyondEnd(offset, length);
        }
        var runs = new PinnedRuns(physical);
        // How the program opened it does not matter, only what the file itself allows.
        Outcome outcome =
                files.pin(id, offset, length, write, 0, forWriting -> FileFinder.reopen(fd, forWriting), runs);
        switch (outcome) {
            case PINNED -> runs.report(sink);
            case BEYOND_END -> throw beyondEnd(offset, length);
            case NO_ROOM ->
                throw new VfioException(Errno.ENOMEM, "pin of " + name + ": there is no page for a hole in it");
            case UNMAPPABLE ->
                throw new VfioException(
                        Errno.EPERM,
                        "pin of " + name + ": it cannot be mapped here" + (write ? " for writing" : "")
                                + ", since it is sealed or not permitted");
        }
    }

    private VfioException beyondEnd(long offset, long length) {
        return new VfioException(
                Errno.EINVAL,
                "pin of " + length + " bytes at 0x" + Long.toHexString(offset) + " of " + name
                        + ": the file ends before");
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, name + " has no ioctl 0x" + Integer.toHexString(command));
    }

    @Override
    public void close() {
        LinuxFiles.close(fd);
    }
}
