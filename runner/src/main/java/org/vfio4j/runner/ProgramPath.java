// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Where programs are found, for when somebody else will look for them ({@code execvp(3)}). */
final class ProgramPath {
    private ProgramPath() {}

    /**
     * Makes sure that there is a program.
     *
     * @throws VfioException ENOENT, EACCES
     */
    static void require(String program) {
        var found = program.contains("/")
                ? Stream.of(Path.of(program))
                : Stream.of(Optional.ofNullable(System.getenv("PATH"))
                                .orElse("/bin:/usr/bin")
                                .split(":", -1))
                        .map(folder -> Path.of(folder).resolve(program));
        var files = found.filter(Files::isRegularFile).toList();
        if (files.isEmpty()) {
            throw new VfioException(Errno.ENOENT, program + " cannot be started: there is no such program");
        }
        if (files.stream().noneMatch(Files::isExecutable)) {
            throw new VfioException(Errno.EACCES, program + " cannot be started: permission denied");
        }
    }
}
