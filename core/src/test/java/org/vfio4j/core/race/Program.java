// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.codec.DeviceUapi;

/** A program with descriptors that its threads share. */
final class Program {
    /** Most descriptors of one kind. */
    private static final int MOST = 6;

    /** What a descriptor was opened as. */
    enum Kind {
        CONTAINER,
        IOMMUFD,
        GROUP,
        NODE,
        DEVICE
    }

    /** A descriptor; whoever takes it out of its list closes it. */
    record Descriptor(int fd, Kind kind, @Nullable Opening opening) {}

    private final UapiProcess process;
    private final Map<Kind, List<Descriptor>> descriptors = new EnumMap<>(Kind.class);

    Program(UapiProcess process) {
        this.process = process;
        for (var kind : Kind.values()) {
            descriptors.put(kind, new CopyOnWriteArrayList<>());
        }
    }

    UapiProcess process() {
        return process;
    }

    List<Descriptor> of(Kind kind) {
        return descriptors.getOrDefault(kind, List.of());
    }

    boolean full(Kind kind) {
        return of(kind).size() >= MOST;
    }

    void add(int fd, Kind kind) {
        Opening opening = null;
        try (var reference = process.files().get(fd)) {
            if (reference.file() instanceof DeviceUapi device) {
                opening = new Opening(device.file().device());
                opening.granted = kind == Kind.DEVICE;
            }
        }
        of(kind).add(new Descriptor(fd, kind, opening));
    }

    void dup(Descriptor original) {
        int fd = process.dup(original.fd());
        // While it is in the list nobody has closed it, so the number led to the same file.
        if (!of(original.kind()).contains(original)) {
            process.close(fd);
            return;
        }
        var opening = original.opening();
        if (opening != null) {
            opening.duplicated();
        }
        of(original.kind()).add(new Descriptor(fd, original.kind(), opening));
    }

    void close(Descriptor descriptor) {
        if (of(descriptor.kind()).remove(descriptor)) {
            process.close(descriptor.fd());
            if (descriptor.opening() != null) {
                descriptor.opening().closed();
            }
        }
    }

    /** Lets go of devices whose drivers ask for it. */
    void letGo() {
        for (var kind : List.of(Kind.NODE, Kind.DEVICE)) {
            for (var descriptor : of(kind)) {
                if (descriptor.opening() != null && descriptor.opening().leaving()) {
                    close(descriptor);
                }
            }
        }
    }
}
