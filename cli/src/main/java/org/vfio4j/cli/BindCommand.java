// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code vfio4j bind}: gives a device to a driver, for the commands that follow. */
@Command(
        name = "bind",
        description = {
            "Give a device to a driver: a VFIO bus driver, or a native driver of the machine.",
            "It lasts as long as this process: put the commands that need it after \"then\"."
        })
final class BindCommand extends MachineCommand {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "name of the device")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    @Parameters(index = "1", paramLabel = "DRIVER", description = "name of the driver")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String driver;

    @Override
    public Integer call() {
        var vfio = vfio();
        vfio.bind(device, driver);
        out().println("bound " + vfio.device(device).name() + " to " + driver);
        return 0;
    }
}
