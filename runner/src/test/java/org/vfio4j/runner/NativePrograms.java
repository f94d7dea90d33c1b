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
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** C programs of the tests: compiled once for each test class that registers this, run on a machine of their own. */
final class NativePrograms implements AfterAllCallback, AutoCloseable {
    /** What a program did. */
    record Answer(int code, List<String> out, String err) {}

    private static final long PATIENCE_SECONDS = 120;

    /** What a system answers that does not let programs be run, or has no FUSE. */
    private static final Set<Errno> NOT_HERE =
            Set.of(Errno.ENOSYS, Errno.EPERM, Errno.EBUSY, Errno.EACCES, Errno.ENOENT, Errno.ENODEV);

    private final Path folder;

    NativePrograms() {
        try {
            folder = Files.createTempDirectory("vfio4j-native-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
            // Anything else is a fault, of this test or of others that take what it needs.
            assumeTrue(!NOT_HERE.contains(refused.errno()), () -> "skipped: " + refused.getMessage());
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

    /** Runs a program on the default machine; it finds nothing wrong and leaves nothing behind. */
    Answer succeeds(String name, String... arguments) throws IOException, InterruptedException {
        try (var vfio = machine()) {
            return succeeds(vfio, name, arguments);
        }
    }

    /** The same on another machine. */
    Answer succeeds(Vfio vfio, String name, String... arguments) throws IOException, InterruptedException {
        Path program = compile(name);
        try (var run = intercept(vfio)) {
            var answer = run(run, program, arguments);
            assertThat(answer.err()).as("%s", run.lastRefusal()).isEmpty();
            assertThat(answer.code()).isZero();
            assertNothingIsLeft(vfio, run);
            return answer;
        }
    }

    /** Nothing of the programs is open, pinned or mapped any more, and each group of VFIO devices can be opened. */
    static void assertNothingIsLeft(Vfio vfio, ProgramRun run) {
        assertThat(run.openFiles()).as("files left open").isZero();
        assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
        assertThat(run.mappedFiles()).as("files left mapped").isZero();
        vfio.devices().stream()
                .filter(device -> device.index().isPresent())
                .flatMapToInt(device -> device.group().stream())
                .distinct()
                .forEach(group -> vfio.openGroup(group).close());
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        close();
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
