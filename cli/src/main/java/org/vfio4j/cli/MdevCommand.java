// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vfio4j mdev}: types of mediated devices, and their creation and removal. */
@Command(
        name = "mdev",
        description = "List types of mediated devices, create and remove devices.",
        subcommands = {MdevCommand.Types.class, MdevCommand.Create.class, MdevCommand.Remove.class})
final class MdevCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "mdev needs one of: types, create, remove");
    }

    /** {@code mdev types}. */
    @Command(name = "types", description = "List parents, their types and how many devices can still be made.")
    static final class Types extends MachineCommand {
        @Override
        public Integer call() {
            for (var view : vfio().mdevTypes()) {
                out().printf(
                                "%s %s  %d available  %s (%s)%n",
                                view.parent(),
                                view.type().name(),
                                view.available(),
                                view.type().prettyName(),
                                view.type().deviceApi());
            }
            return 0;
        }
    }

    /** {@code mdev create}. */
    @Command(name = "create", description = "Create a device, for the commands after \"then\".")
    static final class Create extends MachineCommand {
        @Parameters(index = "0", paramLabel = "PARENT")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String parent;

        @Parameters(index = "1", paramLabel = "TYPE")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String type;

        @Parameters(index = "2", paramLabel = "UUID")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String uuid;

        @Override
        public Integer call() {
            out().println("created " + vfio().createMdev(parent, type, uuid));
            return 0;
        }
    }

    /** {@code mdev remove}. */
    @Command(name = "remove", description = "Remove a device.")
    static final class Remove extends MachineCommand {
        @Parameters(index = "0", paramLabel = "UUID")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String uuid;

        @Override
        public Integer call() {
            vfio().removeMdev(uuid);
            out().println("removed " + uuid);
            return 0;
        }
    }
}
