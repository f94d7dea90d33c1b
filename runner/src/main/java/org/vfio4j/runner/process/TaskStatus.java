// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vfio4j.ffm.LinuxCapabilities;

/** What {@code /proc/PID/status} says of a thread. */
record TaskStatus(int tgid, int parent, int uid, Credentials credentials) {

    /** Reads it; empty when the thread is gone. */
    static Optional<TaskStatus> of(int tid) {
        int tgid = 0;
        int parent = 0;
        int uid = 0;
        int fsUid = 0;
        int fsGid = 0;
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + tid + "/status"))) {
                String[] words = line.split("\\s+", 3);
                switch (words[0]) {
                    case "Tgid:" -> tgid = Integer.parseInt(words[1]);
                    case "PPid:" -> parent = Integer.parseInt(words[1]);
                    case "Uid:" -> {
                        uid = Integer.parseInt(words[1]);
                        fsUid = last(line);
                    }
                    case "Gid:" -> fsGid = last(line);
                    default -> {}
                }
            }
        } catch (IOException gone) {
            return Optional.empty();
        }
        return tgid == 0
                ? Optional.empty()
                : Optional.of(new TaskStatus(tgid, parent, uid, new Credentials(fsUid, fsGid)));
    }

    private static int last(String line) {
        return Integer.parseInt(line.substring(line.lastIndexOf('\t') + 1).strip());
    }

    /** The effective capabilities alone: every map asks for them, and reading the text takes longer than the map. */
    static long capabilities(int tid) {
        return LinuxCapabilities.effective(tid);
    }
}
