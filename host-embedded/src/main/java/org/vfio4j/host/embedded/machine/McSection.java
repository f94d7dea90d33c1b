// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the section {@code fslMc} of a description. */
final class McSection {
    private static final List<String> TYPES = List.of(
            "dpni", "dpio", "dpsw", "dpbp", "dpcon", "dpmcp", "dpmac", "dprtc", "dpseci", "dpdmux", "dpdcei", "dpaiop",
            "dpci", "dpdmai", "dpdbg");
    private static final int ROOT = 1;
    private static final int LARGEST_ID = 1 << 20;

    private final MachineFile file;
    private final Set<String> names = new HashSet<>();
    private final Set<Integer> containers = new HashSet<>(Set.of(ROOT));

    McSection(MachineFile file) {
        this.file = file;
    }

    McSpec read(JsonObject json) {
        var nativeDrivers = json.texts("nativeDrivers");
        var otherwise = json.optionalText("iommu");
        var inRoot = objects(json);
        var specs = new ArrayList<McSpec.ContainerSpec>();
        for (var container : json.objects("containers", "an fsl-mc container")) {
            specs.add(container(container, otherwise));
        }
        json.noOthers();
        return new McSpec(nativeDrivers, inRoot, specs);
    }

    private McSpec.ContainerSpec container(JsonObject json, Optional<String> otherwise) {
        int id = (int) json.number("id", ROOT + 1, LARGEST_ID);
        int parent = (int) json.number("parent", ROOT, LARGEST_ID, ROOT);
        if (!containers.contains(parent)) {
            throw json.where("parent").refuse("container dprc." + parent + " has to come before what is in it");
        }
        if (!containers.add(id)) {
            throw json.where("id").refuse("container dprc." + id + " is here already");
        }
        var placement = file.placement(json, otherwise);
        var objects = objects(json);
        var driver = MachineFile.driver(json);
        json.noOthers();
        return new McSpec.ContainerSpec(id, parent, placement, driver, objects);
    }

    /** Objects directly in a container, the root or another. */
    private List<McSpec.ObjectSpec> objects(JsonObject json) {
        var objects = new ArrayList<McSpec.ObjectSpec>();
        for (var object : json.objects("objects", "an fsl-mc object")) {
            var spec = new McSpec.ObjectSpec(
                    object.word("type", TYPES, null),
                    (int) object.number("id", 0, LARGEST_ID),
                    (int) object.number("irqs", 0, 255, 1),
                    MachineFile.driver(object));
            object.noOthers();
            if (!names.add(spec.type() + "." + spec.id())) {
                throw object.where("id").refuse("object " + spec.type() + "." + spec.id() + " is here already");
            }
            objects.add(spec);
        }
        return objects;
    }
}
