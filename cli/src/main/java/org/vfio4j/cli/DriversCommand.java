// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vfio4j drivers}: the bus drivers the module path offers. */
@Command(name = "drivers", description = "List the VFIO bus drivers found.")
final class DriversCommand extends MachineCommand {
    @Option(names = "--json", description = "answer in JSON")
    private boolean json;

    @Override
    public Integer call() {
        var drivers = vfio().drivers();
        if (json) {
            Json.print(out(), generator -> {
                generator.writeStartArray();
                for (var driver : drivers) {
                    generator.writeStartObject();
                    generator.writeStringField("name", driver.name());
                    generator.writeStringField("bus", driver.bus());
                    generator.writeStringField("description", driver.description());
                    generator.writeNumberField("devices", driver.devices());
                    generator.writeStringField("module", driver.module());
                    generator.writeStringField("location", driver.location());
                    generator.writeEndObject();
                }
                generator.writeEndArray();
            });
            return 0;
        }
        if (drivers.isEmpty()) {
            out().println("no VFIO bus driver on the module path: no device can be opened");
        }
        for (var driver : drivers) {
            out().printf("%-12s bus %-8s %s%n", driver.name(), driver.bus(), driver.description());
            out().printf("%-12s has %d device%s%n", "", driver.devices(), driver.devices() == 1 ? "" : "s");
            out().printf("%-12s from %s (%s)%n", "", driver.module(), driver.location());
        }
        return 0;
    }
}
