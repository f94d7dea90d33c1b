// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.nio.file.Path;
import java.util.ServiceLoader;
import org.vfio4j.spi.host.MachineRecorder;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vfio4j capture}: records this computer's PCI functions and groups. */
@Command(
        name = "capture",
        description = {
            "Record this computer's PCI functions, groups and reserved regions in a folder that --machine takes.",
            "Reads only; without root some configuration space is unreadable, which is said."
        })
final class CaptureCommand extends MachineCommand {
    @Parameters(index = "0", paramLabel = "DIR", description = "folder to write")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path target;

    @Option(names = "--sys", paramLabel = "DIR", description = "where sysfs is (default: ${DEFAULT-VALUE})")
    private Path sysRoot = Path.of("/sys");

    @Override
    public Integer call() {
        var recording = ServiceLoader.load(MachineRecorder.class)
                .findFirst()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT, "no host on the module path can record a machine: add org.vfio4j.host.embedded"))
                .record(sysRoot, target);
        recording.unreadable().forEach(sentence -> err().println("vfio4j: " + sentence));
        out().println("recorded " + recording.functions() + " functions in " + recording.groups() + " groups in "
                + target);
        return 0;
    }
}
