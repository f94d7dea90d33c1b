// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;

/** Reads the field {@code sriov} of a function: the virtual functions it can have. */
final class SriovSection {
    static final String FIELD = "sriov";

    private static final List<String> MODELS = List.of("edu", "queue", "memory");
    private static final int MOST_VFS = 256;
    private static final long SMALLEST_REGISTER = 4096;
    private static final long LARGEST_REGISTER = 64L << 20;
    private static final Map<Integer, Long> USUAL_BARS = Map.of(0, 16L << 10);

    private SriovSection() {}

    /**
     * Reads it.
     *
     * @param function the function's object
     * @param nativeDrivers the host's own drivers of the bus
     */
    static Optional<SriovSpec> read(
            JsonObject function, PciAddress address, PciSpec.Model model, List<String> nativeDrivers) {
        var field = function.object(FIELD, "SR-IOV");
        if (field.isEmpty()) {
            return Optional.empty();
        }
        var json = field.get();
        requireExpress(json, model);
        var vfModel =
                SriovSpec.VfModel.valueOf(json.word("vfModel", MODELS, null).toUpperCase(Locale.ROOT));
        var spec = new SriovSpec(
                (int) json.number("totalVfs", 1, MOST_VFS),
                (int) json.number("vfOffset", 1, SriovSpec.LAST_DEVFN, 1),
                (int) json.number("vfStride", 0, SriovSpec.LAST_DEVFN, 1),
                (int) json.number("vfDevice", 1, 0xfffe),
                vfModel,
                bars(json, vfModel),
                model instanceof PciSpec.Edu edu ? edu.dmaMask() : 0,
                json.truth("vfAcs", true),
                json.optionalText("vfDriver"),
                json.texts("drivers"));
        json.noOthers();
        checkPlaces(json, address, spec);
        for (var driver : spec.drivers()) {
            if (!nativeDrivers.contains(driver)) {
                throw json.where("drivers")
                        .refuse("\"" + driver + "\" is none of the \"nativeDrivers\": " + nativeDrivers);
            }
        }
        return Optional.of(spec);
    }

    private static void requireExpress(JsonObject json, PciSpec.Model model) {
        boolean able = switch (model) {
            case PciSpec.Edu edu -> edu.express();
            case PciSpec.Queue queue -> true;
            case PciSpec.Multi multi -> true;
            case PciSpec.Bridge bridge -> false;
            case PciSpec.Image image -> false;
        };
        if (!able) {
            throw json.where().refuse("only the models edu-pcie, queue and multi can have \"" + FIELD + "\"");
        }
    }

    /** Registers of virtual functions are 64 bits wide, so each takes an even index and the next one. */
    private static Map<Integer, Long> bars(JsonObject json, SriovSpec.VfModel model) {
        if (!json.has("vfBars")) {
            return USUAL_BARS;
        }
        if (model != SriovSpec.VfModel.MEMORY) {
            throw json.where("vfBars")
                    .refuse("the registers of this \"vfModel\" are what they are; only memory has \"vfBars\"");
        }
        var sizes = json.sizesByIndex("vfBars", PciFunction.ROM - 1, LARGEST_REGISTER);
        if (sizes.isEmpty()) {
            throw json.where("vfBars").refuse("a virtual function needs at least one register");
        }
        sizes.forEach((index, size) -> {
            if (index % 2 != 0) {
                throw json.where("vfBars")
                        .refuse("VF BAR " + index + " is the upper half of VF BAR " + (index - 1)
                                + ": registers of virtual functions are 64 bits wide");
            }
            if (size < SMALLEST_REGISTER) {
                throw json.where("vfBars")
                        .refuse("VF BAR " + index + " has to have at least a page of " + SMALLEST_REGISTER
                                + " bytes, not " + size);
            }
        });
        return sizes;
    }

    private static void checkPlaces(JsonObject json, PciAddress address, SriovSpec spec) {
        if (spec.vfStride() == 0 && spec.totalVfs() > 1) {
            throw json.where("vfStride")
                    .refuse("a stride of 0 puts all " + spec.totalVfs() + " virtual functions of " + address
                            + " in one place");
        }
        int last = spec.devfn(address, spec.totalVfs() - 1);
        if (last > SriovSpec.LAST_DEVFN) {
            throw json.where()
                    .refuse("virtual function " + (spec.totalVfs() - 1) + " of " + address
                            + " would be beyond the bus: its device and function number is " + last + " of at most "
                            + SriovSpec.LAST_DEVFN);
        }
    }

    /**
     * Refuses virtual functions in places where other functions are, virtual or not.
     *
     * @param position where the description speaks of a function
     */
    static void checkCollisions(List<PciSpec.FunctionSpec> functions, Function<PciAddress, SourcePosition> position) {
        Map<PciAddress, String> taken = new HashMap<>();
        functions.forEach(function -> taken.put(function.address(), "function " + function.address()));
        for (var function : functions) {
            function.sriov().ifPresent(sriov -> {
                int number = 0;
                for (var place : sriov.addresses(function.address())) {
                    var name = "virtual function " + number + " of " + function.address();
                    var other = taken.putIfAbsent(place, name);
                    if (other != null) {
                        throw position.apply(function.address())
                                .refuse(name + " would be at " + place + ", where " + other + " is");
                    }
                    number++;
                }
            });
        }
    }
}
