// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.race.Program.Descriptor;
import org.vfio4j.core.race.Program.Kind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioGroupStatus;

/** A thread of a program that makes one call after the other, whatever comes to its mind. */
final class Worker implements Runnable {
    /** Refusals that a call may meet when others change what it looks at; EFAULT, EIO and ENOMEM are not among them. */
    private static final Set<Errno> ORDINARY = EnumSet.of(
            Errno.EBADF,
            Errno.EBADFD,
            Errno.EBUSY,
            Errno.EEXIST,
            Errno.EINVAL,
            Errno.EMFILE,
            Errno.ENODEV,
            Errno.ENOENT,
            Errno.ENOTTY,
            Errno.EPERM);

    private static final List<Kind> KINDS = List.of(Kind.values());
    private static final int PAGES = 2;

    private final Books books;
    private final Program program;
    private final UapiProcess process;
    private final MemorySegment page;
    private final WatchedWorld world;
    private final List<String> devices;
    private final SplittableRandom random;
    private final BooleanSupplier goOn;

    /** Calls made so far: the watchdog looks at it. */
    final AtomicLong calls = new AtomicLong();

    /** What is being tried. */
    private String operation = "";

    Worker(WatchedWorld world, Program program, SplittableRandom random, BooleanSupplier goOn) {
        this.world = world;
        this.books = world.books;
        this.program = program;
        this.process = program.process();
        this.page = process.allocate(4096);
        this.devices = world.deviceNames();
        this.random = random;
        this.goOn = goOn;
    }

    @Override
    public void run() {
        try {
            while (goOn.getAsBoolean()) {
                program.letGo();
                operation = "nothing";
                try {
                    call();
                    books.succeeded(operation);
                } catch (VfioException e) {
                    books.require(ORDINARY.contains(e.errno()), "a call was refused with " + e);
                }
                calls.incrementAndGet();
            }
        } catch (RuntimeException | Error e) {
            books.violation("a program died of " + e + " at " + List.of(e.getStackTrace()));
        }
    }

    private void call() {
        int choice = random.nextInt(100);
        if (choice < 2) {
            open(Kind.CONTAINER, "/dev/vfio/vfio");
        } else if (choice < 4) {
            open(Kind.IOMMUFD, "/dev/iommu");
        } else if (choice < 10) {
            open(Kind.GROUP, world.groupPath(random));
        } else if (choice < 16) {
            open(Kind.NODE, "/dev/vfio/devices/vfio" + random.nextInt(devices.size()));
        } else if (choice < 22) {
            var any = pickAny();
            if (any != null) {
                operation = "close " + any.kind();
                program.close(any);
            }
        } else if (choice < 24) {
            var any = pickAny();
            if (any != null && !program.full(any.kind())) {
                operation = "dup";
                program.dup(any);
            }
        } else if (choice < 40) {
            groupCall();
        } else if (choice < 56) {
            nodeCall();
        } else if (choice < 76) {
            memoryCall();
        } else {
            deviceCall(pick(random.nextBoolean() ? Kind.DEVICE : Kind.NODE));
        }
    }

    private @Nullable Descriptor pick(Kind kind) {
        var list = List.copyOf(program.of(kind));
        return list.isEmpty() ? null : list.get(random.nextInt(list.size()));
    }

    private @Nullable Descriptor pickAny() {
        return pick(KINDS.get(random.nextInt(KINDS.size())));
    }

    private void open(Kind kind, String path) {
        if (!program.full(kind)) {
            operation = "open " + kind;
            program.add(process.open(path, UapiProcess.O_RDWR), kind);
        }
    }

    private void groupCall() {
        var group = pick(Kind.GROUP);
        if (group == null) {
            return;
        }
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                var context = pick(random.nextBoolean() ? Kind.CONTAINER : Kind.IOMMUFD);
                if (context != null) {
                    operation = "SET_CONTAINER " + context.kind();
                    page.set(UapiLayouts.S32, 0, context.fd());
                    process.ioctl(group.fd(), VfioIoctl.VFIO_GROUP_SET_CONTAINER, page.address());
                    if (context.kind() == Kind.CONTAINER && random.nextInt(4) != 0) {
                        operation = "SET_IOMMU";
                        process.ioctl(context.fd(), VfioIoctl.VFIO_SET_IOMMU, type());
                    }
                }
            }
            case 2 -> ioctl("UNSET_CONTAINER", group, VfioIoctl.VFIO_GROUP_UNSET_CONTAINER, 0);
            case 3 -> {
                VfioGroupStatus.argsz(page, VfioGroupStatus.SIZEOF);
                ioctl("GET_STATUS", group, VfioIoctl.VFIO_GROUP_GET_STATUS, page.address());
            }
            default -> {
                if (!program.full(Kind.DEVICE)) {
                    page.setString(0, devices.get(random.nextInt(devices.size())));
                    long fd = ioctl("GET_DEVICE_FD", group, VfioIoctl.VFIO_GROUP_GET_DEVICE_FD, page.address());
                    program.add((int) fd, Kind.DEVICE);
                }
            }
        }
    }

    private long type() {
        return random.nextInt(4) == 0 ? 8 : WatchedBackend.TYPE;
    }

    private void nodeCall() {
        var node = pick(Kind.NODE);
        if (node == null) {
            return;
        }
        switch (random.nextInt(4)) {
            case 0, 1 -> {
                var context = pick(Kind.IOMMUFD);
                if (context != null) {
                    VfioDeviceBindIommufd.argsz(page, VfioDeviceBindIommufd.SIZEOF);
                    VfioDeviceBindIommufd.flags(page, 0);
                    VfioDeviceBindIommufd.iommufd(page, context.fd());
                    page.set(UapiLayouts.U64, 16, 0L);
                    ioctl("BIND", node, VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD, page.address());
                    if (node.opening() != null) {
                        node.opening().granted = true;
                    }
                }
            }
            case 2 -> {
                VfioDeviceAttachIommufdPt.argsz(page, VfioDeviceAttachIommufdPt.MIN_ARGSZ);
                VfioDeviceAttachIommufdPt.flags(page, 0);
                VfioDeviceAttachIommufdPt.ptId(page, 1 + random.nextInt(4));
                ioctl("ATTACH", node, VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT, page.address());
            }
            default -> {
                VfioDeviceDetachIommufdPt.argsz(page, VfioDeviceDetachIommufdPt.MIN_ARGSZ);
                VfioDeviceDetachIommufdPt.flags(page, 0);
                ioctl("DETACH", node, VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT, page.address());
            }
        }
    }

    private long ioctl(String name, Descriptor file, int command, long argument) {
        operation = name;
        return process.ioctl(file.fd(), command, argument);
    }

    private long iova() {
        return (long) random.nextInt(PAGES) * PinnedSpace.PAGE;
    }

    private void memoryCall() {
        var context = pick(random.nextBoolean() ? Kind.CONTAINER : Kind.IOMMUFD);
        if (context == null) {
            return;
        }
        switch (random.nextInt(context.kind() == Kind.IOMMUFD ? 9 : 5)) {
            case 0 -> ioctl("CHECK_EXTENSION", context, VfioIoctl.VFIO_CHECK_EXTENSION, type());
            case 1, 2 -> ioctl("MAP_DMA", context, VfioIoctl.VFIO_IOMMU_MAP_DMA, iova());
            case 3, 4 -> ioctl("UNMAP_DMA", context, VfioIoctl.VFIO_IOMMU_UNMAP_DMA, iova());
            case 5 -> ioctl("IOAS_ALLOC", context, WatchedIommufd.ALLOCATE, 0);
            case 6 -> ioctl("DESTROY", context, WatchedIommufd.DESTROY, 1 + random.nextInt(4));
            case 7 -> ioctl("IOAS_MAP", context, WatchedIommufd.MAP, ioasPage());
            default -> ioctl("IOAS_UNMAP", context, WatchedIommufd.UNMAP, ioasPage());
        }
    }

    private long ioasPage() {
        return (1L + random.nextInt(4)) << 32 | iova();
    }

    private void deviceCall(@Nullable Descriptor device) {
        if (device == null) {
            return;
        }
        switch (random.nextInt(8)) {
            case 0 -> {
                operation = "read";
                process.pread(device.fd(), page.address(), 8, 0);
            }
            case 1 -> {
                operation = "write";
                process.pwrite(device.fd(), page.address(), 8, 0);
            }
            case 2 -> ioctl("RESET", device, VfioIoctl.VFIO_DEVICE_RESET, 0);
            case 3 -> process.mmap(device.fd(), 0, 4096, 1, true).close();
            case 4 -> ioctl("unpin_pages", device, WatchedOps.UNPIN, iova());
            case 5, 6 -> ioctl("pin_pages", device, WatchedOps.PIN, iova());
            default -> {
                VfioDeviceInfo.argsz(page, VfioDeviceInfo.MIN_ARGSZ);
                ioctl("GET_INFO", device, VfioIoctl.VFIO_DEVICE_GET_INFO, page.address());
            }
        }
    }
}
