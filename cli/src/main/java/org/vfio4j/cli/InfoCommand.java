// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.DeviceView;
import org.vfio4j.Vfio;
import org.vfio4j.cli.info.DeviceFacts;
import org.vfio4j.cli.info.Fact;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vfio4j info}: everything known of one device. */
@Command(name = "info", description = "Show one device: driver, group, resources, capabilities.")
final class InfoCommand extends MachineCommand {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "name on its bus, or vfioX")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    @Option(names = "--json", description = "answer in JSON")
    private boolean json;

    @Override
    public Integer call() {
        var vfio = vfio();
        var view = vfio.device(device);
        var facts = new ArrayList<Fact>(common(vfio, view));
        facts.addAll(DeviceFacts.of(view.busDevice()));
        if (json) {
            Json.print(out(), generator -> {
                generator.writeStartArray();
                for (var fact : facts) {
                    generator.writeStartObject();
                    generator.writeStringField("name", fact.name());
                    generator.writeStringField("value", fact.value());
                    generator.writeEndObject();
                }
                generator.writeEndArray();
            });
        } else {
            facts.forEach(fact -> out().printf("%-16s %s%n", fact.name(), fact.value()));
        }
        return 0;
    }

    private static List<Fact> common(Vfio vfio, DeviceView view) {
        var facts = new ArrayList<Fact>();
        facts.add(new Fact("device", view.name() + " on bus " + view.bus()));
        facts.add(new Fact("what", view.description()));
        facts.add(new Fact(
                "driver",
                view.driver()
                        .map(name -> view.nativeDriver() ? name + " (native)" : name)
                        .orElse("none")));
        view.index().ifPresent(index -> facts.add(new Fact("vfio", "vfio" + index + ", open " + view.openCount())));
        view.deviceSet().ifPresent(set -> facts.add(new Fact("dev_set", set)));
        for (var group : vfio.groups()) {
            if (view.group().isPresent() && view.group().getAsInt() == group.number()) {
                facts.add(new Fact(
                        "group",
                        group.number() + " with " + String.join(" ", group.devices()) + ", "
                                + (group.viable() ? "viable" : "not viable")
                                + group.owner().map(owner -> ": " + owner).orElse("")));
                for (var region : group.reservedRegions()) {
                    facts.add(new Fact(
                            "reserved",
                            String.format("0x%016x-0x%016x", region.start(), region.last()) + " "
                                    + region.type().sysfsName()));
                }
            }
        }
        facts.add(new Fact("sysfs", "/sys" + view.busDevice().sysfsPath()));
        return facts;
    }
}
