// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/** Reads the section {@code pci} of a description. */
final class PciSection {
    private static final List<String> MODELS = List.of("edu", "edu-pcie", "queue", "multi", "bridge", "dump");
    private static final List<String> BRIDGES = List.of("root-port", "pci-bridge");
    private static final long LARGEST_REGISTER = 1L << 39;
    private static final int BAR0 = 0x10;
    private static final int ROM = 0x30;

    private final MachineFile file;
    private final MachineSource files;
    private final Map<String, Map<PciAddress, LspciDump.Function>> dumps = new HashMap<>();
    private final Map<PciAddress, SourcePosition> addresses = new HashMap<>();

    PciSection(MachineFile file, MachineSource files) {
        this.file = file;
        this.files = files;
    }

    PciSpec read(JsonObject json) {
        var nativeDrivers = json.texts("nativeDrivers");
        var otherwise = json.optionalText("iommu");
        var functions = new ArrayList<PciSpec.FunctionSpec>();
        for (var function : json.objects("functions", "a PCI function")) {
            functions.add(function(function, otherwise, nativeDrivers));
        }
        json.noOthers();
        functions.sort(Comparator.comparing(PciSpec.FunctionSpec::address));
        checkBuses(functions);
        SriovSection.checkCollisions(functions, this::position);
        return new PciSpec(nativeDrivers, functions);
    }

    private PciSpec.FunctionSpec function(JsonObject json, Optional<String> otherwise, List<String> nativeDrivers) {
        var address = address(json, "address");
        var earlier = addresses.put(address, json.where("address"));
        if (earlier != null) {
            throw json.where("address").refuse("function " + address + " is here already, at line " + earlier.line());
        }
        var model = model(json);
        boolean rootPort = model instanceof PciSpec.Bridge bridge && !bridge.conventional();
        var spec = new PciSpec.FunctionSpec(
                address,
                file.placement(json, otherwise),
                MachineFile.driver(json),
                json.truth("acs", rootPort),
                model,
                MachineFile.reserved(json),
                json.truth("busReset", true),
                SriovSection.read(json, address, model, nativeDrivers));
        json.noOthers();
        return spec;
    }

    private static PciAddress address(JsonObject json, String field) {
        String text = json.text(field);
        try {
            return PciAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw json.where(field).refuse("\"" + text + "\" is no PCI address like 00:05.0");
        }
    }

    private PciSpec.Model model(JsonObject json) {
        return switch (json.word("model", MODELS, null)) {
            case "edu" -> new PciSpec.Edu(false, json.number("dmaMask", 0xfff, -1, 0));
            case "edu-pcie" -> new PciSpec.Edu(true, json.number("dmaMask", 0xfff, -1, 0));
            case "queue" -> new PciSpec.Queue();
            case "multi" -> new PciSpec.Multi();
            case "bridge" ->
                new PciSpec.Bridge(
                        json.word("kind", BRIDGES, "root-port").equals("pci-bridge"),
                        (int) json.number("secondary", 1, 255),
                        json.truth("slotReset", false));
            default -> dump(json);
        };
    }

    private PciSpec.Model dump(JsonObject json) {
        String name = json.text("config");
        var dump = dumps.computeIfAbsent(name, key -> LspciDump.parse(files.display(key), files.text(key)));
        var wanted = json.has("function") ? address(json, "function") : null;
        if (wanted == null && dump.size() != 1) {
            throw json.where("config")
                    .refuse("\"" + name + "\" holds " + dump.size() + " functions: say which one with \"function\"");
        }
        var function = wanted == null ? dump.values().iterator().next() : dump.get(wanted);
        if (function == null) {
            throw json.where("function")
                    .refuse("\"" + name + "\" has no function " + wanted + "; it has "
                            + dump.keySet().stream()
                                    .map(PciAddress::toString)
                                    .sorted()
                                    .toList());
        }
        if ((function.config()[0x0e] & 0x7f) != 0) {
            throw json.where("config").refuse("the function in the dump is a bridge: use the model \"bridge\"");
        }
        var sizes = json.sizesByIndex("bars", PciFunction.ROM, LARGEST_REGISTER);
        return new PciSpec.Image(
                function.description(),
                function.config(),
                resources(json, function.config(), sizes),
                Optional.empty(),
                Map.of());
    }

    private static List<PciResource> resources(JsonObject json, byte[] config, Map<Integer, Long> sizes) {
        var resources = new ArrayList<PciResource>();
        boolean upperHalf = false;
        for (int bar = 0; bar <= PciFunction.ROM; bar++) {
            int low = dword(config, bar == PciFunction.ROM ? ROM : BAR0 + 4 * bar);
            long size = sizes.getOrDefault(bar, 0L);
            if (upperHalf) {
                if (size != 0) {
                    throw json.where("bars").refuse("BAR " + bar + " is the upper half of BAR " + (bar - 1));
                }
                resources.add(PciResource.NONE);
                upperHalf = false;
                continue;
            }
            if (size == 0 && low != 0) {
                throw json.where("bars")
                        .refuse("the dump assigns BAR " + bar + " (0x" + Integer.toHexString(low)
                                + "): give its size in \"bars\"");
            }
            var resource = size == 0 ? PciResource.NONE : resource(json, config, bar, low, size);
            upperHalf = resource.wide();
            resources.add(resource);
        }
        return resources;
    }

    private static PciResource resource(JsonObject json, byte[] config, int bar, int low, long size) {
        if (bar == PciFunction.ROM) {
            return new PciResource(low & 0xffff_f800L, size, PciResource.Kind.MEMORY, false, false);
        }
        boolean io = (low & 0x1) != 0;
        boolean wide = !io && (low & 0x6) == 0x4;
        if (size < (io ? 4 : 16) || (io && size > 1 << 16) || (!io && !wide && size > 1L << 31)) {
            throw json.where("bars").refuse("BAR " + bar + " cannot have 0x" + Long.toHexString(size) + " bytes");
        }
        long start = io ? low & 0xffff_fffcL : low & 0xffff_fff0L;
        if (wide) {
            start |= (long) dword(config, BAR0 + 4 * bar + 4) << 32;
        }
        if ((start & (size - 1)) != 0) {
            throw json.where("bars")
                    .refuse("BAR " + bar + " at 0x" + Long.toHexString(start) + " is not aligned to its 0x"
                            + Long.toHexString(size) + " bytes");
        }
        return new PciResource(
                start, size, io ? PciResource.Kind.IO : PciResource.Kind.MEMORY, !io && (low & 0x8) != 0, wide);
    }

    private static int dword(byte[] config, int offset) {
        return (config[offset] & 0xff)
                | ((config[offset + 1] & 0xff) << 8)
                | ((config[offset + 2] & 0xff) << 16)
                | (config[offset + 3] << 24);
    }

    /** Every bus but 00 needs one bridge on a lower bus that leads to it. */
    private void checkBuses(List<PciSpec.FunctionSpec> functions) {
        Map<Integer, PciAddress> bridges = new HashMap<>();
        for (var function : functions) {
            if (function.model() instanceof PciSpec.Bridge bridge) {
                var address = function.address();
                if (bridge.secondary() <= address.bus()) {
                    throw position(address)
                            .refuse("bridge " + address + " cannot lead to bus " + bridge.secondary()
                                    + ": buses below have higher numbers");
                }
                var other = bridges.put((address.segment() << 8) | bridge.secondary(), address);
                if (other != null) {
                    throw position(address)
                            .refuse("bridges " + other + " and " + address + " both lead to bus " + bridge.secondary());
                }
            }
        }
        for (var function : functions) {
            var address = function.address();
            if (address.bus() != 0 && !bridges.containsKey((address.segment() << 8) | address.bus())) {
                throw position(address)
                        .refuse("no bridge leads to bus " + String.format("%02x", address.bus()) + " of " + address);
            }
        }
    }

    private SourcePosition position(PciAddress address) {
        return addresses.getOrDefault(address, new SourcePosition("", 0, 0));
    }
}
