// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.vfio4j.ffm.LinuxLimits;

/** A soft limit of the program (kernel: {@code RLIMIT_*}). */
enum ProcessLimit {
    /** Bytes of locked memory. */
    LOCKED_MEMORY(LinuxLimits.RLIMIT_MEMLOCK, "Max locked memory"),
    /** One more than the largest descriptor. */
    OPEN_FILES(LinuxLimits.RLIMIT_NOFILE, "Max open files");

    private static final String UNLIMITED = "unlimited";

    private final int resource;
    private final String name;

    ProcessLimit(int resource, String name) {
        this.resource = resource;
        this.name = name;
    }

    /** The limit of a process now; {@link Long#MAX_VALUE} for none, 0 when the process is gone. */
    long of(int tgid) {
        long limit = LinuxLimits.soft(tgid, resource);
        if (limit == LinuxLimits.RLIM_INFINITY) {
            return Long.MAX_VALUE;
        }
        // A program that has become another user does not let everybody ask, but everybody may read.
        return limit >= 0 ? limit : read(tgid);
    }

    private long read(int tgid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + tgid + "/limits"))) {
            return parse(lines);
        } catch (IOException gone) {
            return 0;
        }
    }

    /** From the lines of {@code /proc/PID/limits}: name, soft limit, hard limit, unit in columns. */
    long parse(Stream<String> lines) {
        return lines.filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip().split("\\s+", 2)[0])
                .findFirst()
                .map(soft -> soft.equals(UNLIMITED) ? Long.MAX_VALUE : Long.parseLong(soft))
                .orElse(0L);
    }
}
