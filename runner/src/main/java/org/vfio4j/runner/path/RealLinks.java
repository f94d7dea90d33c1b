// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxStat;
import org.vfio4j.runner.file.Handle;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.ListingFile;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.process.ProcLinks;
import org.vfio4j.uapi.Errno;

/**
 * Links of the real system, as a program sees them, on its way to the machine's nodes: those that somebody made elsewhere, and those
 * of {@code /proc}, which lead to the caller's own directories and descriptors. Thread-safe.
 */
public final class RealLinks {
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int GONE = -Errno.ENOENT.number();

    private final Handles handles;

    /** Of programs with these open files. */
    public RealLinks(Handles handles) {
        this.handles = handles;
    }

    /**
     * Whether an absolute path may lead over a link to what only the machine has: nothing is there in the real system and a link is on
     * the way, or there is a device. One or two system calls, for all paths that do not say themselves where they lead.
     */
    static boolean mayLeadElsewhere(MemorySegment path) {
        var real = LinuxStat.of(path);
        return real.error() == GONE
                ? LinuxPaths.leadsOverLinks(path)
                : real.error() == 0 && (real.mode() & LinuxStat.FORMAT) == CHARACTER_DEVICE;
    }

    /** Where a link of the real system leads; empty when there is no link. */
    Optional<String> target(Call call, String path) {
        return switch (path) {
            case "/proc/self" -> Optional.of(String.valueOf(call.tid()));
            case "/proc/thread-self" -> Optional.of(call.tid() + "/task/" + call.tid());
            default -> ProcLinks.read(call, path).map(text -> handles.isInside(text) ? listed(call, text) : text);
        };
    }

    /** The directory of the tree that an ordinary folder stands for. */
    private String listed(Call call, String text) {
        Handle handle = handles.find(call.link(), text.length());
        if (handle == null) {
            return text;
        }
        try (handle) {
            return handle.file() instanceof ListingFile listing ? listing.path() : text;
        }
    }
}
