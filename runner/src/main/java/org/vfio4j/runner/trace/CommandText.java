// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.trace;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Origin;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.FileKind;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;

/** Names commands and shows their arguments. Numbers mean different things on different files. Thread-safe. */
final class CommandText {
    /** Guards {@link #containers}. */
    private final ReentrantLock containersLock = new ReentrantLock();

    /** What containers have become. */
    private final Map<Handle, FileKind> containers = new WeakHashMap<>();

    /** Learns from a command that succeeded. */
    void note(Handle handle, int command, long argument) {
        if (command == VfioIoctl.VFIO_SET_IOMMU && kind(handle) == FileKind.CONTAINER) {
            boolean spapr =
                    argument == VfioExtension.VFIO_SPAPR_TCE_IOMMU || argument == VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU;
            containersLock.lock();
            try {
                containers.put(handle, spapr ? FileKind.CONTAINER_SPAPR : FileKind.CONTAINER_TYPE1);
            } finally {
                containersLock.unlock();
            }
        }
    }

    private FileKind kind(Handle handle) {
        String path = handle.origin().path();
        if (path.equals("/dev/vfio/vfio")) {
            containersLock.lock();
            try {
                return containers.getOrDefault(handle, FileKind.CONTAINER);
            } finally {
                containersLock.unlock();
            }
        }
        if (path.equals("/dev/iommu")) {
            return FileKind.IOMMUFD;
        }
        if (handle.origin() == Origin.MADE) {
            return handle.file().positional() ? FileKind.DEVICE : FileKind.MIGRATION_DATA;
        }
        if (path.startsWith("/dev/dprc.")) {
            return FileKind.MANAGEMENT_COMPLEX;
        }
        return path.startsWith("/dev/vfio/devices/") ? FileKind.DEVICE : FileKind.GROUP;
    }

    String name(Handle handle, int command) {
        return kind(handle).commandName(command);
    }

    /** Name and argument. */
    String text(AddressSpace memory, Handle handle, int command, long argument) {
        String name = name(handle, command);
        return name + ArgumentText.of(name, memory, argument);
    }
}
