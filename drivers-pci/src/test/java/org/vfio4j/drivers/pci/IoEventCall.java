// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioDeviceIoeventfd;

/** A caller whose memory is one struct: makes raw calls with it. */
final class IoEventCall implements Caller, FdTable, AddressSpace {
    final MemorySegment struct = Arena.ofAuto().allocate(64);
    private final Map<Integer, UapiFile> files = new HashMap<>();
    private final User user;
    private int nextFd = 3;

    IoEventCall(User user) {
        this.user = user;
    }

    int file(UapiFile file) {
        files.put(nextFd, file);
        return nextFd++;
    }

    long add(int region, long at, int width, UapiFile event) {
        return call(VfioDeviceIoeventfd.SIZEOF, width, RegionOffset.of(region) + at, 0x11223344, file(event));
    }

    long remove(int region, long at, int width) {
        return call(VfioDeviceIoeventfd.SIZEOF, width, RegionOffset.of(region) + at, 0x11223344, -1);
    }

    long call(int argsz, int flags, long offset, long data, int fd) {
        VfioDeviceIoeventfd.argsz(struct, argsz);
        VfioDeviceIoeventfd.flags(struct, flags);
        VfioDeviceIoeventfd.offset(struct, offset);
        VfioDeviceIoeventfd.data(struct, data);
        VfioDeviceIoeventfd.fd(struct, fd);
        return ioctl(VfioIoctl.VFIO_DEVICE_IOEVENTFD);
    }

    long ioctl(int command) {
        return user.device.ioctl(this, command, 0);
    }

    @Override
    public AddressSpace memory() {
        return this;
    }

    @Override
    public FdTable files() {
        return this;
    }

    @Override
    public boolean capable(Capability capability) {
        return false;
    }

    @Override
    public long memlockLimit() {
        return 0;
    }

    @Override
    public int uid() {
        return 0;
    }

    @Override
    public FileReference get(int fd) {
        var file = files.get(fd);
        if (file == null) {
            throw new VfioException(Errno.EBADF, "descriptor " + fd + " is not open");
        }
        return new FileReference() {
            @Override
            public UapiFile file() {
                return file;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public int reserve() {
        throw new AssertionError();
    }

    @Override
    public void install(int fd, UapiFile file) {
        throw new AssertionError();
    }

    @Override
    public void cancel(int fd) {
        throw new AssertionError();
    }

    @Override
    public boolean alive() {
        return true;
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        throw new AssertionError();
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        MemorySegment.copy(struct, vaddr, target, targetOffset, length);
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        MemorySegment.copy(source, sourceOffset, struct, vaddr, length);
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return true;
    }

    @Override
    public long backingPageSize(long vaddr) {
        return 4096;
    }

    @Override
    public LockedMemory lockedMemory() {
        throw new AssertionError();
    }
}
