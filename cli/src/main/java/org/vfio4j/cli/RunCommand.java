// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.vfio4j.ProgramOptions;
import org.vfio4j.ProgramRunner;
import org.vfio4j.SysView;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vfio4j run}: a native VFIO program on the machine. */
@Command(
        name = "run",
        description = {
            "Run a native VFIO program, unmodified, on the machine instead of the kernel's VFIO.",
            "It sees the machine's /dev/vfio, /dev/iommu and parts of /sys; everything else is the real system. Not a sandbox.",
            "The exit code is the program's; 128 and the signal's number when one killed it."
        })
final class RunCommand extends MachineCommand {
    @Option(names = "--trace", description = "show each call that reaches the machine on standard error")
    private boolean trace;

    @Option(names = "--explain", description = "at the end, say why the last call was refused")
    private boolean explain;

    @Option(
            names = "--sys",
            paramLabel = "WAY",
            description =
                    "how the program sees the machine's /sys and /dev: mount (in a mount namespace of its own), intercept"
                            + " (system calls with their paths), or auto: the first that is possible here")
    private SysView sys = SysView.AUTO;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "IOMMU backend to use; may be repeated, the first is asked first; default: all, by priority")
    private List<String> backends = new ArrayList<>();

    @Parameters(arity = "1..*", paramLabel = "PROGRAM", description = "the program and its arguments, after --")
    private List<String> command = new ArrayList<>();

    @Override
    List<String> chosenBackends() {
        return backends;
    }

    @Override
    public Integer call() throws InterruptedException {
        var runner = ServiceLoader.load(ProgramRunner.class)
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT, "nothing on the module path can run programs: add org.vfio4j.runner"));
        Optional<Consumer<String>> lines = trace ? Optional.of(err()::println) : Optional.empty();
        var exit = runner.run(vfio(), new ProgramOptions(command, lines, sys));
        if (explain) {
            err().println("vfio4j: "
                    + exit.lastRefusal()
                            .map(refusal -> "last refusal: " + refusal)
                            .orElse("no call was refused"));
        }
        return exit.code();
    }
}
