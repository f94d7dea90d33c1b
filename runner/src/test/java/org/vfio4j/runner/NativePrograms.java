// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.uapi.VfioException;

/** C programs of the tests: compiled once for each test class, run on a machine of their own. */
final class NativePrograms implements AutoCloseable {
    /** What a program did. */
    record Answer(int code, List<String> out, String err) {}

    private static final long PATIENCE_SECONDS = 120;

    private final Path folder;

    NativePrograms() throws IOException {
        folder = Files.createTempDirectory("vfio4j-native-");
    }

    private static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(NativePrograms.class.getResource(name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A file of the test resources. */
    static Path file(String name) {
        return resource("/" + name);
    }

    /** Compiles a program; the test is skipped without a compiler that knows the VFIO headers. */
    Path compile(String name) throws IOException, InterruptedException {
        Path program = folder.resolve(name);
        if (Files.exists(program)) {
            return program;
        }
        int code;
        Path log = folder.resolve(name + ".log");
        try {
            var compiler = new ProcessBuilder(
                            "cc",
                            "-O1",
                            "-w",
                            "-o",
                            program.toString(),
                            file("native/" + name + ".c").toString(),
                            "-lpthread")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            // Other tests' programs run in the meantime.
            code = StartGate.start(compiler::start).waitFor();
        } catch (IOException e) {
            assumeTrue(false, "skipped: no C compiler: " + e.getMessage());
            throw new IllegalStateException(e);
        }
        assumeTrue(code == 0, () -> "skipped: " + name + ".c cannot be compiled here: " + read(log));
        return program;
    }

    /** A copy of a program that may be executed. */
    Path executable(Path program) throws IOException {
        Path copy = Files.copy(program, folder.resolve(program.getFileName().toString()));
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwx------"));
        return copy;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gets ready to run programs; the test is skipped where calls cannot be intercepted. */
    static ProgramRun intercept(Vfio vfio) {
        return intercept(vfio, SysView.AUTO);
    }

    /** The same with a way to see the tree. */
    static ProgramRun intercept(Vfio vfio, SysView view) {
        return intercept(vfio, Optional.empty(), view);
    }

    /** The same with a trace. */
    static ProgramRun intercept(Vfio vfio, Optional<Consumer<String>> lines) {
        return intercept(vfio, lines, SysView.AUTO);
    }

    private static ProgramRun intercept(Vfio vfio, Optional<Consumer<String>> lines, SysView view) {
        try {
            return new ProgramRun(vfio, lines, view);
        } catch (VfioException refused) {
            assumeTrue(false, "skipped: " + refused.getMessage());
            throw refused;
        }
    }

    /** The default machine, or one of the test resources. */
    static Vfio machine(String... description) {
        return description.length == 0
                ? Vfio.open()
                : Vfio.open(VfioOptions.defaults().withMachine(file(description[0])));
    }

    /** Starts a program with its output in files. */
    Process start(ProgramRun run, Path program, String... arguments) {
        var builder = new ProcessBuilder(Stream.concat(Stream.of(program.toString()), Arrays.stream(arguments))
                .toList());
        return run.start(builder.redirectError(folder.resolve("err").toFile()));
    }

    /** Runs a program to its end. */
    Answer run(ProgramRun run, Path program, String... arguments) throws IOException, InterruptedException {
        Process process = start(run, program, arguments);
        List<String> out;
        try (var lines = process.inputReader().lines()) {
            out = lines.toList();
        }
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("%s ends", program)
                .isTrue();
        return new Answer(process.exitValue(), out, read(folder.resolve("err")));
    }

    @Override
    public void close() throws IOException {
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
