// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.machine.IommuSpec;
import org.vfio4j.host.embedded.machine.LspciDump;
import org.vfio4j.host.embedded.machine.MachineDescription;
import org.vfio4j.host.embedded.machine.MachineSource;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.MdevSpec;
import org.vfio4j.host.embedded.machine.PciSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.pci.PciAddress;

/**
 * Reads a captured machine. It gets the captured groups and reserved regions behind one paging unit with the usual
 * features, which a capture does not tell. Bridges start with the drivers they had; other functions start without, so that
 * VFIO can have them, except those VFIO had.
 */
public final class CapturedMachine {
    private static final String UNIT = "iommu0";

    private CapturedMachine() {}

    /** Whether a folder looks like a captured machine. */
    public static boolean isAt(Path folder) {
        return Files.isRegularFile(folder.resolve(CaptureFiles.CONFIG));
    }

    /**
     * Reads a folder.
     *
     * @throws org.vfio4j.uapi.VfioException ENOENT when a file is missing, EINVAL with file and line
     */
    public static MachineDescription read(Path folder) {
        var files = MachineSource.folder(folder);
        var dump = LspciDump.parse(files.display(CaptureFiles.CONFIG), files.text(CaptureFiles.CONFIG));
        var memberships =
                CapturedGroups.memberships(files.display(CaptureFiles.GROUPS), files.text(CaptureFiles.GROUPS));
        var reserved = CapturedGroups.reserved(files.display(CaptureFiles.RESERVED), files.text(CaptureFiles.RESERVED));
        var attributes =
                FunctionAttributes.parse(files.display(CaptureFiles.ATTRIBUTES), files.text(CaptureFiles.ATTRIBUTES));
        Map<PciAddress, String> verbose = Files.isRegularFile(folder.resolve(CaptureFiles.VERBOSE))
                ? CapturedDrivers.parse(files.text(CaptureFiles.VERBOSE))
                : Map.of();
        memberships.forEach((address, membership) -> {
            if (!dump.containsKey(address)) {
                throw membership
                        .where()
                        .refuse("function " + address + " has no configuration space in " + CaptureFiles.CONFIG);
            }
            if (!reserved.containsKey(membership.group())) {
                throw membership
                        .where()
                        .refuse("group " + membership.group() + " has no section in " + CaptureFiles.RESERVED);
            }
        });

        var functions = new ArrayList<PciSpec.FunctionSpec>();
        var nativeDrivers = new TreeSet<String>();
        dump.forEach((address, function) -> {
            var known = attributes.get(address);
            if (known == null) {
                throw function.where().refuse("function " + address + " has no section in " + CaptureFiles.ATTRIBUTES);
            }
            var driver = known.driver().or(() -> Optional.ofNullable(verbose.get(address)));
            driver.filter(name -> !vfio(name)).ifPresent(nativeDrivers::add);
            functions.add(function(address, function, known, driver, memberships.get(address), reserved));
        });
        functions.sort(Comparator.comparing(PciSpec.FunctionSpec::address));
        return new MachineDescription(
                name(folder),
                false,
                List.of(IommuSpec.Paging.usual(UNIT)),
                new PciSpec(List.copyOf(nativeDrivers), functions),
                MdevSpec.NONE,
                McSpec.NONE,
                List.of());
    }

    private static PciSpec.FunctionSpec function(
            PciAddress address,
            LspciDump.Function function,
            FunctionAttributes known,
            Optional<String> driver,
            CapturedGroups.@Nullable Membership membership,
            Map<Integer, List<ReservedRegion>> reserved) {
        var image = new PciSpec.Image(
                function.description(),
                function.config(),
                known.resources(),
                Optional.of(known.resetMethods()),
                known.others());
        SourcePosition where = membership == null ? function.where() : membership.where();
        var placement = new Placement(
                where,
                membership == null ? Optional.empty() : Optional.of(UNIT),
                membership == null ? OptionalInt.empty() : OptionalInt.of(membership.group()));
        return new PciSpec.FunctionSpec(
                address,
                placement,
                driver.filter(name -> image.bridge() || vfio(name)),
                true,
                image,
                membership == null ? List.of() : reserved.getOrDefault(membership.group(), List.of()),
                true,
                Optional.empty());
    }

    private static boolean vfio(String driver) {
        return driver.startsWith("vfio-");
    }

    private static String name(Path folder) {
        var name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? folder.toString() : name.toString();
    }
}
