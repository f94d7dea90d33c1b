// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.vfio4j.spi.host.ReservedRegion;

/** Reads machine descriptions. */
public final class MachineFile {
    private static final String NO_IOMMU = "none";
    private static final List<String> RESERVED_TYPES =
            List.of("direct", "direct-relaxable", "reserved", "msi", "software-msi");
    private static final int LARGEST_GROUP = 65535;

    private final MachineSource files;
    private final String source;
    private final Map<String, IommuSpec> units = new LinkedHashMap<>();

    private MachineFile(MachineSource files, String source) {
        this.files = files;
        this.source = source;
    }

    /**
     * Reads a description.
     *
     * @throws org.vfio4j.uapi.VfioException ENOENT, EIO, or EINVAL with a sentence naming file, line and column
     */
    public static MachineDescription read(Path file) {
        var folder = file.toAbsolutePath().getParent();
        var name = file.getFileName();
        if (folder == null || name == null) {
            throw new SourcePosition(file.toString(), 0, 0).refuse("this is a folder, not a file");
        }
        var relative = file.getParent();
        var files = MachineSource.folder(relative == null ? Path.of("") : relative);
        return new MachineFile(files, file.toString()).parse(files.text(name.toString()), false);
    }

    /** The machine taken when none is chosen. */
    public static MachineDescription builtIn() {
        var files = MachineSource.builtIn();
        return new MachineFile(files, files.display("default.json")).parse(files.text("default.json"), true);
    }

    private MachineDescription parse(String text, boolean builtIn) {
        var json = JsonObject.of(JsonReader.read(source, text), "a machine");
        String name = json.text("name");
        for (var unit : json.objects("iommus", "an IOMMU unit")) {
            var spec = unit(unit);
            if (units.put(spec.name(), spec) != null) {
                throw unit.where("name").refuse("IOMMU unit \"" + spec.name() + "\" is here already");
            }
        }
        var pci = json.object("pci", "the PCI bus");
        var mdev = json.object("mdev", "the mdev bus");
        var fslMc = json.object("fslMc", "the fsl-mc bus");
        var models = json.objects("models", "a device of a model");
        json.noOthers();
        return new MachineDescription(
                name,
                builtIn,
                List.copyOf(units.values()),
                pci.map(bus -> new PciSection(this, files).read(bus)).orElse(PciSpec.NONE),
                mdev.map(MdevSection::read).orElse(MdevSpec.NONE),
                fslMc.map(bus -> new McSection(this).read(bus)).orElse(McSpec.NONE),
                models(models));
    }

    private IommuSpec unit(JsonObject json) {
        String name = json.text("name");
        if (name.equals(NO_IOMMU)) {
            throw json.where("name")
                    .refuse("\"" + NO_IOMMU + "\" means that there is no IOMMU unit: choose another name");
        }
        String kind = json.word("kind", List.of("paging", "tce"), null);
        IommuSpec spec = kind.equals("paging") ? paging(name, json) : tce(name, json);
        json.noOthers();
        return spec;
    }

    private IommuSpec paging(String name, JsonObject json) {
        long sizes = json.sizes("pageSizes", IommuSpec.Paging.USUAL_PAGE_SIZES);
        if ((sizes & (1L << 12)) == 0 || (sizes & ~IommuSpec.Paging.USUAL_PAGE_SIZES) != 0) {
            throw json.where("pageSizes")
                    .refuse("\"pageSizes\" of a paging unit are \"4K\" and, if wanted, \"2M\" and \"1G\"");
        }
        return new IommuSpec.Paging(
                name,
                (int) json.number("addressWidth", 31, 57, 48),
                sizes,
                json.truth("dirtyTracking", true),
                json.truth("coherent", true),
                json.truth("enforcesCoherency", true),
                json.truth("isolatedMsi", true),
                reserved(json));
    }

    private IommuSpec tce(String name, JsonObject json) {
        long size = json.number("window32Size", 1 << 16, 1L << 32, 1L << 31);
        if (Long.bitCount(size) != 1) {
            throw json.where("window32Size").refuse("\"window32Size\" has to be a power of two");
        }
        long sizes = json.sizes("pageSizes", (1L << 12) | (1L << 16) | (1L << 24));
        if ((sizes & ((1L << 12) - 1)) != 0 || Long.highestOneBit(sizes) > 1L << 34 || sizes < 0) {
            throw json.where("pageSizes").refuse("\"pageSizes\" of a TCE unit go from \"4K\" to \"16G\"");
        }
        return new IommuSpec.Tce(
                name, size, sizes, (int) json.number("dynamicWindows", 0, 2, 2), (int) json.number("levels", 1, 5, 5));
    }

    /** The reserved regions of an IOMMU unit or a function. */
    static List<ReservedRegion> reserved(JsonObject owner) {
        var regions = new ArrayList<ReservedRegion>();
        for (var json : owner.objects("reserved", "a reserved region")) {
            long start = json.number("start", 0, -1);
            long last = json.number("last", 0, -1);
            String type = json.word("type", RESERVED_TYPES, "reserved");
            json.noOthers();
            if (Long.compareUnsigned(start, last) > 0) {
                throw json.where("last").refuse("\"last\" is below \"start\"");
            }
            regions.add(new ReservedRegion(start, last, reservedType(type)));
        }
        return regions;
    }

    private static ReservedRegion.Type reservedType(String word) {
        return switch (word) {
            case "direct" -> ReservedRegion.Type.DIRECT;
            case "direct-relaxable" -> ReservedRegion.Type.DIRECT_RELAXABLE;
            case "msi" -> ReservedRegion.Type.MSI;
            case "software-msi" -> ReservedRegion.Type.SOFTWARE_MSI;
            default -> ReservedRegion.Type.RESERVED;
        };
    }

    /**
     * Reads the fields {@code iommu} and {@code group} of whatever stands behind an IOMMU.
     *
     * @param otherwise the unit when the field is missing
     */
    Placement placement(JsonObject json, Optional<String> otherwise) {
        var where = json.where("iommu");
        var unit = json.optionalText("iommu").or(() -> otherwise);
        OptionalInt group =
                json.has("group") ? OptionalInt.of((int) json.number("group", 0, LARGEST_GROUP)) : OptionalInt.empty();
        if (unit.isPresent() && unit.get().equals(NO_IOMMU)) {
            unit = Optional.empty();
        } else if (unit.isPresent() && !units.containsKey(unit.get())) {
            throw where.refuse("unknown IOMMU unit \"" + unit.get() + "\"; known: "
                    + (units.isEmpty() ? "none" : String.join(", ", units.keySet())));
        }
        if (unit.isEmpty() && group.isPresent()) {
            throw json.where("group").refuse("a group needs an IOMMU unit");
        }
        return new Placement(where, unit, group);
    }

    /** The driver field: a native driver of the bus, or a VFIO driver, which the bus does not know. */
    static Optional<String> driver(JsonObject json) {
        return json.optionalText("driver");
    }

    private List<MachineDescription.ModelSpec> models(List<JsonObject> objects) {
        var specs = new ArrayList<MachineDescription.ModelSpec>();
        Set<String> names = new HashSet<>();
        var first = units.keySet().stream().findFirst();
        for (var json : objects) {
            var spec = new MachineDescription.ModelSpec(
                    json.text("model"),
                    json.text("name"),
                    placement(json, first),
                    driver(json),
                    json.properties("properties"));
            json.noOthers();
            if (!names.add(spec.name())) {
                throw json.where("name").refuse("device \"" + spec.name() + "\" is here already");
            }
            specs.add(spec);
        }
        return specs;
    }
}
