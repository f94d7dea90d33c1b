// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.Vfio;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vfio4j ls}: the tree of groups and their devices. */
@Command(name = "ls", description = "Show groups, their devices, drivers and viability.")
final class LsCommand extends MachineCommand {
    @Option(names = "--json", description = "answer in JSON")
    private boolean json;

    @Override
    public Integer call() {
        var vfio = vfio();
        if (json) {
            Json.print(out(), generator -> write(generator, vfio));
        } else {
            print(vfio);
        }
        return 0;
    }

    private void print(Vfio vfio) {
        var devices = vfio.devices();
        var groups = vfio.groups();
        out().println("machine " + vfio.machineName() + ": " + groups.size() + " groups, " + devices.size()
                + " devices");
        for (var group : groups) {
            out().println("group " + group.number() + "  " + state(group));
            tree(members(group, devices));
        }
        var lone = devices.stream().filter(device -> device.group().isEmpty()).toList();
        if (!lone.isEmpty()) {
            out().println("without a group");
            tree(lone);
        }
    }

    private void tree(List<DeviceView> members) {
        for (var i = 0; i < members.size(); i++) {
            out().println((i + 1 < members.size() ? "├── " : "└── ") + line(members.get(i)));
        }
    }

    private static List<DeviceView> members(GroupView group, List<DeviceView> devices) {
        return devices.stream()
                .filter(device -> device.group().isPresent() && device.group().getAsInt() == group.number())
                .toList();
    }

    private static String state(GroupView group) {
        var words = new ArrayList<String>();
        words.add(group.name().isEmpty() ? "translation " + group.translation() : group.name());
        words.add(
                group.viable()
                        ? "viable"
                        : group.owner().map(owner -> "not viable: " + owner).orElse("not viable"));
        return String.join(", ", words);
    }

    private static String line(DeviceView device) {
        var driver = device.driver()
                .map(name -> device.nativeDriver() ? "native " + name : name)
                .orElse("no driver");
        var words = new ArrayList<String>();
        words.add(device.bus());
        words.add(device.name());
        words.add("[" + driver + "]");
        device.index().ifPresent(index -> words.add("vfio" + index));
        device.deviceSet().ifPresent(set -> words.add("set " + set));
        if (device.openCount() > 0) {
            words.add("open " + device.openCount());
        }
        words.add(device.description());
        return String.join("  ", words);
    }

    private static void write(JsonGenerator json, Vfio vfio) throws IOException {
        var devices = vfio.devices();
        json.writeStartObject();
        json.writeStringField("machine", vfio.machineName());
        json.writeArrayFieldStart("groups");
        for (var group : vfio.groups()) {
            json.writeStartObject();
            json.writeNumberField("number", group.number());
            json.writeStringField("name", group.name());
            json.writeStringField("translation", group.translation());
            json.writeBooleanField("viable", group.viable());
            Json.stringOrNull(json, "owner", group.owner());
            json.writeArrayFieldStart("reservedRegions");
            for (var region : group.reservedRegions()) {
                json.writeStartObject();
                json.writeStringField("start", String.format(Locale.ROOT, "0x%016x", region.start()));
                json.writeStringField("last", String.format(Locale.ROOT, "0x%016x", region.last()));
                json.writeStringField("type", region.type().sysfsName());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("devices");
            for (var device : members(group, devices)) {
                write(json, device);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("withoutGroup");
        for (var device : devices) {
            if (device.group().isEmpty()) {
                write(json, device);
            }
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    static void write(JsonGenerator json, DeviceView device) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", device.name());
        json.writeStringField("bus", device.bus());
        json.writeStringField("description", device.description());
        Json.numberOrNull(json, "group", device.group());
        Json.stringOrNull(json, "driver", device.driver());
        json.writeBooleanField("nativeDriver", device.nativeDriver());
        Json.numberOrNull(json, "index", device.index());
        Json.stringOrNull(json, "deviceSet", device.deviceSet());
        json.writeNumberField("openCount", device.openCount());
        json.writeBooleanField("emulated", device.emulated());
        json.writeEndObject();
    }
}
