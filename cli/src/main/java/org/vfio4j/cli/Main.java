// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code vfio4j} command: finds the subcommand, and turns what went wrong into one sentence and an exit code. */
@Command(
        name = "vfio4j",
        description = "VFIO in user space, on the JVM.",
        mixinStandardHelpOptions = true,
        versionProvider = ModuleVersion.class)
public final class Main implements Callable<Integer> {

    /** Exit code for what the user got wrong. */
    static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private Main() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main()).setParameterExceptionHandler(Main::refuse);
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int refuse(ParameterException refusal, String[] args) {
        CommandLine command = refusal.getCommandLine();
        command.getErr().println("vfio4j: " + refusal.getMessage() + "; see vfio4j --help");
        return USAGE;
    }
}
