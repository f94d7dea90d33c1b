// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.VfioException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * The {@code vfio4j} command: finds the subcommands, and turns what went wrong into one sentence and an exit code. Commands
 * joined by the word {@code then} run one after the other on the same machine.
 */
@Command(
        name = "vfio4j",
        description = "VFIO in user space, on the JVM.",
        synopsisSubcommandLabel = "COMMAND [then COMMAND]...",
        footer = {
            "",
            "Commands joined by the word \"then\" run one after the other on the same machine:",
            "  vfio4j unbind 0000:00:08.0 then ls",
            "",
            "--plugins DIR, before or after the command, adds a folder of modular jars (backends, drivers, devices).",
            "Exit code: 0 done; 1 it ran and something failed; 2 refused, with the reason in one sentence."
        },
        mixinStandardHelpOptions = true,
        versionProvider = ModuleVersion.class,
        subcommands = {
            DemoCommand.class,
            LsCommand.class,
            InfoCommand.class,
            BackendsCommand.class,
            DriversCommand.class,
            BindCommand.class,
            UnbindCommand.class,
            TreeCommand.class,
            MdevCommand.class,
            CaptureCommand.class,
            RunCommand.class
        })
public final class Main implements Callable<Integer> {
    /** Exit code when a command ran and found something wrong. */
    static final int FAILED = 1;

    /** Exit code for what the user got wrong, or what was refused. */
    static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private Main() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        // What follows "--" is a program's.
        var own = Arrays.stream(args).takeWhile(argument -> !argument.equals("--"));
        if (own.anyMatch(argument -> argument.equals("-v") || argument.equals("--verbose"))) {
            System.setProperty("vfio4j.log", "DEBUG"); // before the first logger is made
        }
        var out = new PrintWriter(System.out, true, Charset.defaultCharset());
        var err = new PrintWriter(System.err, true, Charset.defaultCharset());
        System.exit(run(List.of(args), out, err));
    }

    /** Runs all commands on one machine; the first exit code that is not 0 ends it. */
    static int run(List<String> args, PrintWriter out, PrintWriter err) {
        try (var session = new Session()) {
            for (var part : parts(args)) {
                var code = commandLine(session).setOut(out).setErr(err).execute(part.toArray(String[]::new));
                if (code != 0) {
                    return code;
                }
            }
            return 0;
        }
    }

    private static List<List<String>> parts(List<String> args) {
        var parts = new ArrayList<List<String>>();
        parts.add(new ArrayList<>());
        for (var arg : args) {
            if (arg.equals("then") && !parts.getLast().contains("--")) { // what follows "--" is a program's
                parts.add(new ArrayList<>());
            } else {
                parts.getLast().add(arg);
            }
        }
        return parts;
    }

    static CommandLine commandLine(Session session) {
        return new CommandLine(new Main(), new CommandFactory(session))
                .setParameterExceptionHandler(Main::refuse)
                .setExecutionExceptionHandler(Main::explain)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int refuse(ParameterException refusal, String[] args) {
        CommandLine command = refusal.getCommandLine();
        command.getErr().println("vfio4j: " + oneLine(refusal.getMessage()) + "; see vfio4j --help");
        return USAGE;
    }

    private static int explain(Exception problem, CommandLine command, ParseResult parsed) {
        LoggerFactory.getLogger(Main.class).debug("{} ended early", command.getCommandName(), problem);
        return switch (problem) {
            case VfioException refused ->
                say(command, oneLine(refused.getMessage()) + " (" + refused.errno() + ")", USAGE);
            case UncheckedIOException io -> say(command, oneLine(io.getMessage()), USAGE);
            default ->
                say(
                        command,
                        "internal error, please report it: " + oneLine(problem.toString())
                                + "; -v shows where it comes from",
                        FAILED);
        };
    }

    private static int say(CommandLine command, String sentence, int code) {
        command.getErr().println("vfio4j: " + sentence);
        return code;
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "no reason given" : text.lines().findFirst().orElse(text);
    }
}
