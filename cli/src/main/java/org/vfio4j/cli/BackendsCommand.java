// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.util.stream.Collectors;
import org.vfio4j.BackendView;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vfio4j backends}: what the module path offers. */
@Command(name = "backends", description = "List the IOMMU backends found, the first asked first.")
final class BackendsCommand extends MachineCommand {
    @Option(names = "--json", description = "answer in JSON")
    private boolean json;

    @Override
    public Integer call() {
        var backends = vfio().backends();
        if (json) {
            Json.print(out(), generator -> {
                generator.writeStartArray();
                for (var backend : backends) {
                    generator.writeStartObject();
                    generator.writeStringField("name", backend.name());
                    generator.writeStringField("description", backend.description());
                    generator.writeNumberField("priority", backend.priority());
                    generator.writeArrayFieldStart("containerTypes");
                    for (var type : backend.types()) {
                        generator.writeStartObject();
                        generator.writeNumberField("number", type.number());
                        generator.writeStringField("name", type.name());
                        generator.writeEndObject();
                    }
                    generator.writeEndArray();
                    generator.writeBooleanField("iommufd", backend.iommufd());
                    generator.writeStringField("module", backend.module());
                    generator.writeStringField("location", backend.location());
                    generator.writeEndObject();
                }
                generator.writeEndArray();
            });
            return 0;
        }
        if (backends.isEmpty()) {
            out().println("no IOMMU backend on the module path: devices can be listed but not opened");
        }
        for (var backend : backends) {
            out().printf("%-10s priority %-4d %s%n", backend.name(), backend.priority(), backend.description());
            out().printf("%-10s offers %s%n", "", offers(backend));
            out().printf("%-10s from %s (%s)%n", "", backend.module(), backend.location());
        }
        return 0;
    }

    private static String offers(BackendView backend) {
        var types = backend.types().stream()
                .map(type -> "container type " + type.number() + " (" + type.name() + ")")
                .collect(Collectors.joining(", "));
        if (!backend.iommufd()) {
            return types;
        }
        return types.isEmpty() ? "/dev/iommu" : types + ", /dev/iommu";
    }
}
