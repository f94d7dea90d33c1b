// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.vfio4j.spi.mdev.MdevBus;

/** Reads the section {@code mdev} of a description. */
final class MdevSection {
    private static final int CANONICAL_UUID = 36;
    private static final int PORTS = 24;
    private static final int MOST_PORTS = 4096;
    private static final int DISPLAYS = 4;
    private static final int MOST_DISPLAYS = 256;

    private MdevSection() {}

    static MdevSpec read(JsonObject json) {
        var parents = new ArrayList<MdevSpec.ParentSpec>();
        for (var parent : json.objects("parents", "an mdev parent")) {
            String name = parent.text("name");
            boolean displays =
                    parent.word("model", List.of("mtty", "mdpy"), "mtty").equals("mdpy");
            int capacity = (int)
                    (displays
                            ? parent.number("instances", 0, MOST_DISPLAYS, DISPLAYS)
                            : parent.number("ports", 1, MOST_PORTS, PORTS));
            parent.noOthers();
            if (parents.stream().anyMatch(other -> other.name().equals(name))) {
                throw parent.where("name").refuse("mdev parent \"" + name + "\" is here already");
            }
            parents.add(new MdevSpec.ParentSpec(name, displays ? MdevSpec.Model.MDPY : MdevSpec.Model.MTTY, capacity));
        }
        var devices = new ArrayList<MdevBus.Wish>();
        Set<UUID> uuids = new HashSet<>();
        for (var device : json.objects("devices", "an mdev device")) {
            var wish = new MdevBus.Wish(parent(device, parents), device.text("type"), uuid(device));
            device.noOthers();
            if (!uuids.add(wish.uuid())) {
                throw device.where("uuid").refuse("mdev device " + wish.uuid() + " is here already");
            }
            devices.add(wish);
        }
        json.noOthers();
        return new MdevSpec(parents, devices);
    }

    private static String parent(JsonObject device, List<MdevSpec.ParentSpec> parents) {
        String parent = device.text("parent");
        var known = parents.stream().map(MdevSpec.ParentSpec::name).toList();
        if (!known.contains(parent)) {
            throw device.where("parent")
                    .refuse("unknown mdev parent \"" + parent + "\"; known: "
                            + (known.isEmpty() ? "none" : String.join(", ", known)));
        }
        return parent;
    }

    private static UUID uuid(JsonObject device) {
        String text = device.text("uuid");
        try {
            if (text.length() == CANONICAL_UUID) {
                return UUID.fromString(text);
            }
        } catch (IllegalArgumentException e) {
            // Falls through to the refusal.
        }
        throw device.where("uuid").refuse("\"" + text + "\" is no UUID");
    }
}
