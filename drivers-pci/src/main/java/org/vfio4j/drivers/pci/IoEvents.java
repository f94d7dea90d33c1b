// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoeventfd;
import org.vfio4j.uapi.struct.VfioDeviceIoeventfd;

/**
 * Event files whose signal writes a device register (kernel: {@code vfio_pci_ioeventfd}). Spec: pci §15.
 */
final class IoEvents implements AutoCloseable {
    private static final int MOST = 1000;

    private final PciFunction function;
    private final BarAccess access;
    private final BarRegions regions;
    private final @Nullable MsixTable table;

    /** Guards the list; leaf, not held by a signal. */
    private final ReentrantLock listLock = new ReentrantLock();

    private final List<Entry> entries = new ArrayList<>();

    IoEvents(PciFunction function, BarAccess access, BarRegions regions, @Nullable MsixTable table) {
        this.function = function;
        this.access = access;
        this.regions = regions;
        this.table = table;
    }

    private record Write(int bar, long at, int size, long data) {}

    private record Entry(Write write, EventFile event, EventFile.Listening listening) {}

    /** IOEVENTFD. */
    long set(Caller caller, long argument) {
        Write write;
        int fd;
        try (var arena = Arena.ofConfined()) {
            var struct = arena.allocate(VfioDeviceIoeventfd.SIZEOF);
            caller.memory().read(argument, struct, 0, VfioDeviceIoeventfd.MIN_ARGSZ);
            if (Integer.compareUnsigned(VfioDeviceIoeventfd.argsz(struct), VfioDeviceIoeventfd.MIN_ARGSZ) < 0) {
                throw invalid("argsz " + VfioDeviceIoeventfd.argsz(struct) + " is too small");
            }
            fd = VfioDeviceIoeventfd.fd(struct);
            write = checked(
                    VfioDeviceIoeventfd.flags(struct),
                    VfioDeviceIoeventfd.offset(struct),
                    VfioDeviceIoeventfd.data(struct),
                    fd);
        }
        regions.checkReserved(write.bar());
        listLock.lock();
        try {
            change(caller, write, fd);
        } finally {
            listLock.unlock();
        }
        return 0;
    }

    private Write checked(int flags, long offset, long data, int fd) {
        if ((flags & ~VfioIoeventfd.VFIO_DEVICE_IOEVENTFD_SIZE_MASK) != 0 || Integer.bitCount(flags) != 1) {
            throw invalid("flags 0x" + Integer.toHexString(flags) + " name no single width");
        }
        if (fd < -1) {
            throw invalid("descriptor " + fd + " means nothing");
        }
        long index = RegionOffset.index(offset);
        if (index >= BarRegions.COUNT) {
            throw invalid("region " + index + " is no BAR");
        }
        int bar = (int) index;
        long at = RegionOffset.within(offset);
        // Flag values and widths in bytes are the same numbers.
        if (at + flags > function.resource(bar).length()) {
            throw invalid("offset 0x" + Long.toHexString(at) + " is beyond BAR " + bar);
        }
        if (table != null && table.overlaps(bar, at, flags)) {
            throw invalid("the MSI-X table cannot be written");
        }
        if (flags == VfioIoeventfd.VFIO_DEVICE_IOEVENTFD_64) {
            throw invalid("writes of eight bytes are not offered");
        }
        return new Write(bar, at, flags, data);
    }

    private VfioException invalid(String why) {
        return new VfioException(Errno.EINVAL, "IOEVENTFD of " + function.name() + " refused: " + why);
    }

    private void change(Caller caller, Write write, int fd) {
        // What its users have closed is gone.
        entries.removeIf(entry -> entry.event().closed());
        for (var entry : entries) {
            if (entry.write().equals(write)) {
                if (fd != -1) {
                    throw new VfioException(Errno.EEXIST, "IOEVENTFD of " + function.name() + " refused: it exists");
                }
                entries.remove(entry);
                entry.listening().close();
                return;
            }
        }
        if (fd < 0) {
            throw new VfioException(Errno.ENODEV, "IOEVENTFD of " + function.name() + " refused: nothing to remove");
        }
        if (entries.size() >= MOST) {
            throw new VfioException(
                    Errno.ENOSPC, "IOEVENTFD of " + function.name() + " refused: there are " + MOST + " already");
        }
        var event = caller.files().event(fd);
        var listening = event.listen(() -> {
            event.take();
            perform(write);
        });
        entries.add(new Entry(write, event, listening));
    }

    private void perform(Write write) {
        access.writeIfAccessible(write.bar(), write.at(), write.size(), write.data());
    }

    /** Lets all event files go. */
    @Override
    public void close() {
        listLock.lock();
        try {
            for (var entry : entries) {
                entry.listening().close();
            }
            entries.clear();
        } finally {
            listLock.unlock();
        }
    }
}
