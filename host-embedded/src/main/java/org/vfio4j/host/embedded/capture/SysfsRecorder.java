// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.vfio4j.host.embedded.machine.LspciDump;
import org.vfio4j.spi.host.MachineRecorder;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Records a Linux machine's PCI functions and isolation groups from sysfs in the layout {@link CapturedMachine} reads. */
public final class SysfsRecorder implements MachineRecorder {
    /** For {@link java.util.ServiceLoader}. */
    public SysfsRecorder() {}

    @Override
    public Recording record(Path sysRoot, Path target) {
        var devices = sysRoot.resolve("bus/pci/devices");
        if (!Files.isDirectory(devices)) {
            throw new VfioException(Errno.ENOENT, devices + ": there is no PCI bus to record");
        }
        if (CapturedMachine.isAt(target)) {
            throw new VfioException(Errno.EEXIST, target + ": there is a captured machine already");
        }
        return new Run(sysRoot).record(devices, target);
    }

    /** One recording. */
    private static final class Run {
        private static final int MOST_CONFIG = 4096;

        /** Attributes that are shown again as they were and follow from nothing else that is recorded. */
        private static final List<String> PLACE = List.of("irq", "numa_node", "local_cpus", "local_cpulist");

        private final Path sysRoot;
        private final List<String> unreadable = new ArrayList<>();
        private final Map<Integer, List<PciAddress>> groups = new TreeMap<>();
        private final StringBuilder config = new StringBuilder();
        private final StringBuilder attributes = new StringBuilder();
        private int functions;
        private int cutOff;

        Run(Path sysRoot) {
            this.sysRoot = sysRoot;
        }

        Recording record(Path devices, Path target) {
            for (var folder : list(devices)) {
                function(folder);
            }
            if (functions == 0) {
                throw new VfioException(Errno.ENOENT, devices + ": no PCI function there could be read");
            }
            if (cutOff > 0) {
                unreadable.add("configuration space of " + cutOff
                        + " functions is readable to 64 bytes only, capabilities are missing: record as root for all");
            }
            if (groups.isEmpty()) {
                unreadable.add("no function is in an isolation group: this machine's IOMMU is off or absent");
            }
            write(target);
            return new Recording(functions, groups.size(), unreadable);
        }

        private void function(Path folder) {
            PciAddress address;
            try {
                address = PciAddress.parse(String.valueOf(folder.getFileName()));
            } catch (IllegalArgumentException e) {
                unreadable.add(folder + ": " + e.getMessage() + ", left out");
                return;
            }
            byte[] space;
            String resources;
            try {
                space = configuration(address, Files.readAllBytes(folder.resolve("config")));
                resources = resources(folder);
            } catch (IOException e) {
                unreadable.add("function " + address + " left out: " + e);
                return;
            }
            functions++;
            LspciDump.print(config, address, description(folder), space);
            attributes.append(CaptureFiles.SECTION).append(address).append('\n').append(resources);
            var reset = folder.resolve("reset_method");
            if (Files.exists(reset)) {
                optional(reset).ifPresent(value -> attribute("reset_method", value));
            }
            for (var name : PLACE) {
                var place = folder.resolve(name);
                if (Files.exists(place)) {
                    optional(place).ifPresent(value -> attribute(name, value));
                }
            }
            linkName(folder.resolve("driver")).ifPresent(value -> attribute("driver", value));
            linkName(folder.resolve("iommu_group")).ifPresent(value -> group(address, value));
        }

        private void group(PciAddress address, String number) {
            try {
                groups.computeIfAbsent(Integer.parseInt(number), key -> new ArrayList<>())
                        .add(address);
            } catch (NumberFormatException e) {
                unreadable.add("function " + address + " is recorded without group: \"" + number + "\" is no number");
            }
        }

        /** Reading ends early for ordinary users: only sizes that a dump can have are kept. */
        private byte[] configuration(PciAddress address, byte[] read) throws IOException {
            int size = read.length >= MOST_CONFIG ? MOST_CONFIG : read.length >= 256 ? 256 : 64;
            if (read.length < size) {
                throw new IOException("its configuration space has only " + read.length + " readable bytes");
            }
            if (size == 64) {
                cutOff++;
            } else if (read.length != size) {
                unreadable.add("configuration space of " + address + " ends after " + read.length + " bytes, " + size
                        + " are kept");
            }
            return Arrays.copyOf(read, size);
        }

        private static String resources(Path folder) throws IOException {
            var lines = new StringBuilder();
            int count = 0;
            for (var line : Files.readAllLines(folder.resolve("resource"))) {
                lines.append("resource: ").append(line.strip()).append('\n');
                count++;
            }
            if (count < 7) {
                throw new IOException("its resource attribute has " + count + " lines instead of 7 or more");
            }
            return lines.toString();
        }

        private String description(Path folder) {
            return "Class " + hex(folder, "class").substring(0, 4) + ": Device " + hex(folder, "vendor") + ":"
                    + hex(folder, "device");
        }

        private String hex(Path folder, String attribute) {
            return optional(folder.resolve(attribute))
                    .map(text -> text.startsWith("0x") ? text.substring(2) : text)
                    .filter(text -> text.length() >= 4)
                    .orElse("ffff");
        }

        private Optional<String> optional(Path file) {
            try {
                return Optional.of(Files.readString(file).strip());
            } catch (IOException e) {
                unreadable.add(file + ": " + IoReason.of(e));
                return Optional.empty();
            }
        }

        private Optional<String> linkName(Path link) {
            if (!Files.isSymbolicLink(link)) {
                return Optional.empty();
            }
            try {
                return Optional.of(String.valueOf(Files.readSymbolicLink(link).getFileName()));
            } catch (IOException e) {
                unreadable.add(link + ": " + IoReason.of(e));
                return Optional.empty();
            }
        }

        private void attribute(String name, String value) {
            attributes.append(name).append(": ").append(value).append('\n');
        }

        private List<Path> list(Path folder) {
            var entries = new ArrayList<Path>();
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
                stream.forEach(entries::add);
            } catch (IOException e) {
                throw new VfioException(Errno.EIO, folder + ": cannot be listed: " + IoReason.of(e), e);
            }
            entries.sort(null);
            return entries;
        }

        private void write(Path target) {
            var memberships = new StringBuilder();
            var reserved = new StringBuilder();
            groups.forEach((number, members) -> {
                var folder = sysRoot.resolve("kernel/iommu_groups/" + number);
                var type = optional(folder.resolve("type"));
                for (var member : members) {
                    memberships.append(number).append(' ').append(member);
                    type.ifPresent(word -> memberships.append(" type=").append(word));
                    memberships.append('\n');
                }
                reserved.append(CaptureFiles.SECTION).append(number).append('\n');
                optional(folder.resolve("reserved_regions"))
                        .ifPresent(text -> text.lines()
                                .forEach(line -> reserved.append(line).append('\n')));
            });
            try {
                Files.createDirectories(target);
                Files.writeString(target.resolve(CaptureFiles.GROUPS), memberships);
                Files.writeString(target.resolve(CaptureFiles.RESERVED), reserved);
                Files.writeString(target.resolve(CaptureFiles.ATTRIBUTES), attributes);
                // Last: a folder with this file is complete.
                Files.writeString(target.resolve(CaptureFiles.CONFIG), config);
            } catch (IOException e) {
                throw new VfioException(Errno.EIO, target + ": cannot be written: " + IoReason.of(e), e);
            }
        }
    }
}
