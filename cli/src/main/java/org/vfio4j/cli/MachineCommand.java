// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that needs a running machine. */
abstract class MachineCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--machine",
            paramLabel = "PATH",
            description =
                    "machine description (a JSON file) or folder of a captured machine; default: the built-in machine")
    private @Nullable Path machine;

    @Option(names = "--host", paramLabel = "NAME", description = "host to use; default: the preferred one found")
    private @Nullable String host;

    @Option(
            names = "--set",
            paramLabel = "MODULE.NAME=VALUE",
            description = "tunable of a backend or driver, e.g. type1.allow_unsafe_interrupts=true; may be repeated")
    private Map<String, String> settings = new HashMap<>();

    @Option(
            names = {"-v", "--verbose"},
            description = "show the log on standard error")
    @SuppressWarnings("UnusedVariable") // read from the arguments before logging starts
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @SuppressWarnings("NullAway.Init") // set by the factory
    private Session session;

    final void use(Session running) {
        session = running;
    }

    /** Names of the backends that the machine shall have, the first asked first; empty for all. */
    List<String> chosenBackends() {
        return List.of();
    }

    /** The machine, booted if need be. */
    final Vfio vfio() {
        var options =
                new VfioOptions(Optional.ofNullable(host), Optional.ofNullable(machine), settings, chosenBackends());
        if (session.contradicts(options)) {
            throw usage("only the first command can choose the machine: those after \"then\" run on the same one");
        }
        return session.boot(options);
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    final ParameterException usage(String sentence) {
        return new ParameterException(spec.commandLine(), sentence);
    }
}
