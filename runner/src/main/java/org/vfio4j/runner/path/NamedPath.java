// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vfio4j.runner.notify.Call;

/** The path that a call names, made absolute; only what may concern the machine. Thread-safe. */
public final class NamedPath {
    private static final int AT_FDCWD = -100;
    private static final Pattern DESCRIPTOR =
            Pattern.compile("/(?:proc/(self|thread-self|[0-9]+)/(?:task/[0-9]+/)?(fd|fdinfo)|dev/(fd))/([0-9]{1,9})");

    private final RealLinks links;

    /** Paths that may lead over links. */
    public NamedPath(RealLinks links) {
        this.links = links;
    }

    /**
     * A descriptor named by a path.
     *
     * @param pid whose it is; the caller's own if empty
     * @param info whether its {@code fdinfo} is meant
     */
    public record DescriptorPath(Optional<Integer> pid, int fd, boolean info) {}

    /**
     * Reads the path.
     *
     * @param directory descriptor that a relative path starts at, or {@value #AT_FDCWD}
     * @param address of the C string
     * @return null when it is nothing for the machine: the kernel shall answer
     */
    public @Nullable String read(Call call, int directory, long address) {
        int length = call.readString(address);
        if (length <= 0) {
            return null;
        }
        var bytes = call.path();
        if (bytes.get(ValueLayout.JAVA_BYTE, 0) == '/') {
            // Most paths end here, before a string is made of them.
            return interesting(call, length) || RealLinks.mayLeadElsewhere(bytes) ? bytes.getString(0) : null;
        }
        String relative = bytes.getString(0);
        return base(call, directory)
                .map(base -> base + "/" + relative)
                .filter(path -> TreeView.mayBeOurs(path) || path.startsWith("/proc/") || mayLeadElsewhere(path))
                .orElse(null);
    }

    private static boolean mayLeadElsewhere(String path) {
        try (var arena = Arena.ofConfined()) {
            return RealLinks.mayLeadElsewhere(arena.allocateFrom(path));
        }
    }

    private static boolean interesting(Call call, int length) {
        if (length < 5) {
            return false;
        }
        var bytes = call.path();
        int first = bytes.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        if (first == 0x7665642f || first == 0x7379732f || first == 0x6f72702f) { // "/dev", "/sys", "/pro"
            return true;
        }
        for (int i = 0; i < length - 1; i++) {
            byte here = bytes.get(ValueLayout.JAVA_BYTE, i);
            if ((here == '/' || here == '.') && bytes.get(ValueLayout.JAVA_BYTE, i + 1) == here) {
                return true;
            }
        }
        return false;
    }

    private Optional<String> base(Call call, int directory) {
        String thread = "/proc/" + call.tid();
        return links.target(call, directory == AT_FDCWD ? thread + "/cwd" : thread + "/fd/" + directory);
    }

    /** The descriptor that a path names, if it does. */
    public static Optional<DescriptorPath> descriptor(String path) {
        if (!path.startsWith("/proc/") && !path.startsWith("/dev/fd/")) {
            return Optional.empty();
        }
        var match = DESCRIPTOR.matcher(path);
        if (!match.matches()) {
            return Optional.empty();
        }
        String who = match.group(1);
        boolean self = who == null || who.equals("self") || who.equals("thread-self");
        return Optional.of(new DescriptorPath(
                self ? Optional.empty() : Optional.of(Integer.parseInt(who)),
                Integer.parseInt(match.group(4)),
                "fdinfo".equals(match.group(2))));
    }
}
