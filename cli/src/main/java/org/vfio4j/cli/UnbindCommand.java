// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code vfio4j unbind}: takes a device from its driver, for the commands that follow. */
@Command(
        name = "unbind",
        description = {
            "Take a device from the driver that has it.",
            "It lasts as long as this process: put the commands that need it after \"then\"."
        })
final class UnbindCommand extends MachineCommand {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "name of the device")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    @Override
    public Integer call() {
        var vfio = vfio();
        var before = vfio.device(device);
        vfio.unbind(device);
        out().println("unbound " + before.name()
                + before.driver().map(name -> " from " + name).orElse(""));
        return 0;
    }
}
