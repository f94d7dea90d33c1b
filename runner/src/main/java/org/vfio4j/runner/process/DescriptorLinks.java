// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The names of descriptors in {@code /proc/PID/task/TID/fd}, as C strings made once. */
final class DescriptorLinks {
    private static final int KEPT = 1024;
    private static final AtomicReferenceArray<MemorySegment> LINKS = new AtomicReferenceArray<>(KEPT);

    private DescriptorLinks() {}

    static MemorySegment of(int fd) {
        if (fd >= KEPT) {
            return make(fd);
        }
        MemorySegment link = LINKS.getAcquire(fd);
        if (link == null) {
            link = make(fd);
            LINKS.setRelease(fd, link);
        }
        return link;
    }

    private static MemorySegment make(int fd) {
        return Arena.ofAuto().allocateFrom(Integer.toString(fd));
    }
}
