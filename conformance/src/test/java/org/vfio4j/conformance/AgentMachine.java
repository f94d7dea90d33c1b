// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.vfio4j.ProcessOptions;
import org.vfio4j.ProgramExit;
import org.vfio4j.ProgramOptions;
import org.vfio4j.ProgramRunner;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import org.vfio4j.uapi.VfioException;

/**
 * An embedded machine whose programs are native processes: copies of {@code agent.c}, run behind the door for native programs.
 * Skipped where there is no C compiler or system calls cannot be intercepted.
 */
final class AgentMachine implements UapiMachine {
    private static final long PATIENCE_SECONDS = 30;

    private final InProcessMachine machine;
    private final Path folder;
    private final ServerSocketChannel door;
    private final CompletableFuture<ProgramExit> running;
    private final AgentSystem first;

    AgentMachine(VfioOptions options) {
        var vfio = Vfio.open(options);
        machine = new InProcessMachine(vfio);
        try {
            folder = Files.createTempDirectory(shared(), "vfio4j-agent");
            var address = UnixDomainSocketAddress.of(folder.resolve("socket"));
            door = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
            running = run(vfio, Agent.program(), address);
            first = new AgentSystem(accept(), folder);
        } catch (IOException e) {
            throw new UncheckedIOException("no place to talk with the agent", e);
        }
    }

    /** Where files are memory, if there is such a place. */
    private static Path shared() {
        var memory = Path.of("/dev/shm");
        return Files.isDirectory(memory) ? memory : Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static CompletableFuture<ProgramExit> run(Vfio vfio, Path agent, UnixDomainSocketAddress address) {
        var runner = ServiceLoader.load(ProgramRunner.class)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no runner for native programs on the path"));
        var ended = new CompletableFuture<ProgramExit>();
        Thread.ofPlatform().name("agent").start(() -> {
            try {
                ended.complete(runner.run(vfio, ProgramOptions.of(agent.toString(), address.toString())));
            } catch (VfioException | InterruptedException e) {
                ended.completeExceptionally(e);
            }
        });
        return ended;
    }

    private SocketChannel accept() throws IOException {
        door.configureBlocking(false);
        while (true) {
            var connection = door.accept();
            if (connection != null) {
                connection.configureBlocking(true);
                return connection;
            }
            if (running.isCompletedExceptionally()) {
                abort("skipped: native programs cannot be run here: "
                        + running.exceptionNow().getMessage());
            }
            if (running.isDone()) {
                throw new AssertionError("the agent ended at once: " + running.resultNow());
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public UapiSystem newProgram(ProcessOptions options) {
        first.fork();
        try {
            var program = new AgentSystem(accept(), folder);
            program.become(options);
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException("the new program does not connect", e);
        }
    }

    @Override
    public String groupPath(String device) {
        return machine.groupPath(device);
    }

    @Override
    public String nodePath(String device) {
        return machine.nodePath(device);
    }

    @Override
    public Optional<String> driver(String device) {
        return machine.driver(device);
    }

    @Override
    public long bind(String device, String driver) {
        return machine.bind(device, driver);
    }

    @Override
    public long unbind(String device) {
        return machine.unbind(device);
    }

    /** Waits until every program has ended, so that what they left is what is reported. */
    @Override
    public OptionalLong pinnedPages() {
        first.close();
        try {
            running.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the programs do not end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the programs end", e);
        }
        return machine.pinnedPages();
    }

    @Override
    public void close() {
        first.close();
        machine.close();
        try (var files = Files.walk(folder)) {
            door.close();
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " cannot be removed", e);
        }
    }

    /** The agent, compiled once. */
    private static final class Agent {
        private static final CompletableFuture<Path> PROGRAM = CompletableFuture.supplyAsync(Agent::compile);

        static Path program() {
            var program = PROGRAM.join();
            if (!Files.exists(program)) {
                abort("skipped: no C compiler (cc) that makes programs is installed");
            }
            return program;
        }

        private static Path compile() {
            try {
                var folder = Files.createTempDirectory("vfio4j-agent");
                folder.toFile().deleteOnExit();
                var source = folder.resolve("agent.c");
                try (var text = AgentMachine.class.getResourceAsStream("agent.c")) {
                    if (text == null) {
                        throw new AssertionError("agent.c is missing");
                    }
                    Files.copy(text, source);
                }
                var program = folder.resolve("agent");
                var compiler = new ProcessBuilder("cc", "-O1", "-o", program.toString(), source.toString())
                        .inheritIO()
                        .start();
                if (compiler.waitFor() != 0) {
                    throw new AssertionError("agent.c does not compile");
                }
                source.toFile().deleteOnExit();
                program.toFile().deleteOnExit();
                return program;
            } catch (IOException noCompiler) {
                return Path.of("/nonexistent");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while the agent is compiled", e);
            }
        }
    }
}
