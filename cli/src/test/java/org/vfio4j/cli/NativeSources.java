// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The runner's C programs, compiled where a test wants them. */
final class NativeSources {
    private NativeSources() {}

    /** The folder of the project. */
    static Path project() {
        return Path.of(Objects.requireNonNull(System.getProperty("launcher"), "launcher"))
                .resolveSibling(".")
                .normalize();
    }

    /** Compiles a program into a folder; the test is skipped without a compiler that knows the VFIO headers. */
    static Path compile(String name, Path folder) throws IOException, InterruptedException {
        Path program = folder.resolve(name);
        Path log = folder.resolve(name + ".log");
        Path source = project().resolve("runner/src/test/resources/native/" + name + ".c");
        int code;
        try {
            code = new ProcessBuilder("cc", "-O1", "-w", "-o", program.toString(), source.toString(), "-lpthread")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
        } catch (IOException e) {
            assumeTrue(false, "skipped: no C compiler: " + e.getMessage());
            throw e;
        }
        String said = Files.readString(log);
        assumeTrue(code == 0, () -> "skipped: " + name + ".c cannot be compiled here: " + said);
        return program;
    }
}
