// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.vfio4j.Vfio;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.testing.EmbeddedMachine;

/** A captured real machine shows in its tree what was captured. */
@EmbeddedMachine(machine = CapturedTreeTest.CAPTURE)
class CapturedTreeTest {
    static final String CAPTURE = "../host-embedded/src/test/resources/org/vfio4j/host/embedded/capture/q35-25fn";

    private static final int FUNCTIONS = 25;
    private static final int GROUPS = 17;

    private static String file(String name) throws IOException {
        return Files.readString(Path.of(CAPTURE, name));
    }

    private static byte[] bytes(Vfio vfio, String path) {
        return vfio.tree()
                .resolve(path)
                .filter(VirtualTree.Attribute.class::isInstance)
                .map(VirtualTree.Attribute.class::cast)
                .map(VirtualTree.Attribute::read)
                .orElseThrow(() -> new AssertionError("there is no attribute " + path));
    }

    private static String text(Vfio vfio, String path) {
        return new String(bytes(vfio, path), StandardCharsets.ISO_8859_1);
    }

    private static Iterable<String> names(Vfio vfio, String path) {
        return vfio.tree()
                .resolve(path)
                .filter(VirtualTree.Directory.class::isInstance)
                .map(VirtualTree.Directory.class::cast)
                .orElseThrow(() -> new AssertionError("there is no directory " + path))
                .names();
    }

    /** Sections by heading, with all lines of each attribute. */
    private static Map<String, Map<String, String>> attributes() throws IOException {
        Map<String, Map<String, String>> sections = new LinkedHashMap<>();
        Map<String, String> section = Map.of();
        for (var line : file("sysfs.txt").lines().toList()) {
            if (line.startsWith("== ")) {
                section = new LinkedHashMap<>();
                sections.put(line.substring(3), section);
            } else if (!line.isBlank()) {
                int colon = line.indexOf(": ");
                section.merge(line.substring(0, colon), line.substring(colon + 2) + "\n", String::concat);
            }
        }
        return sections;
    }

    @Test
    void shouldShowEveryCapturedAttribute(Vfio vfio) throws IOException {
        var captured = attributes();
        assertThat(captured).hasSize(FUNCTIONS);
        assertThat(names(vfio, "/sys/bus/pci/devices")).containsExactlyElementsOf(captured.keySet());
        captured.forEach((function, attributes) -> {
            attributes.forEach((name, value) -> assertThat(text(vfio, "/sys/bus/pci/devices/" + function + "/" + name))
                    .as("%s of %s", name, function)
                    .isEqualTo(value));
            assertThat(vfio.tree()
                            .resolve("/sys/bus/pci/devices/" + function + "/reset_method")
                            .isPresent())
                    .as("whether %s has reset_method", function)
                    .isEqualTo(attributes.containsKey("reset_method"));
        });
    }

    @Test
    void shouldShowTheCapturedConfigurationSpaces(Vfio vfio) throws IOException {
        Map<String, StringBuilder> dumps = new TreeMap<>();
        StringBuilder dump = new StringBuilder();
        for (var line : file("lspci-xxxx.txt").lines().toList()) {
            if (line.matches("[0-9a-f]{2,3}: .*")) {
                dump.append(line.substring(line.indexOf(':') + 1).replace(" ", ""));
            } else if (!line.isBlank()) {
                dump = new StringBuilder();
                String address = line.substring(0, line.indexOf(' '));
                dumps.put(address.length() == 7 ? "0000:" + address : address, dump);
            }
        }
        assertThat(dumps).hasSize(FUNCTIONS);
        dumps.forEach((function, expected) -> assertThat(
                        HexFormat.of().formatHex(bytes(vfio, "/sys/bus/pci/devices/" + function + "/config")))
                .as("configuration space of %s", function)
                .isEqualTo(expected.toString()));
    }

    @Test
    void shouldShowTheCapturedGroupsAndReservedRegions(Vfio vfio) throws IOException {
        Map<String, StringBuilder> regions = new TreeMap<>();
        StringBuilder section = new StringBuilder();
        for (var line : file("reserved_regions.txt").lines().toList()) {
            if (line.startsWith("== ")) {
                section = new StringBuilder();
                regions.put(line.substring(3), section);
            } else {
                section.append(line).append('\n');
            }
        }
        assertThat(names(vfio, "/sys/kernel/iommu_groups")).hasSize(GROUPS).containsAll(regions.keySet());
        regions.forEach(
                (group, expected) -> assertThat(text(vfio, "/sys/kernel/iommu_groups/" + group + "/reserved_regions"))
                        .as("reserved regions of group %s", group)
                        .isEqualTo(expected.toString()));
        for (var line : file("iommu_groups.txt").lines().toList()) {
            String[] fields = line.split(" ", -1);
            String group = "/sys/kernel/iommu_groups/" + fields[0];
            assertThat(text(vfio, group + "/type"))
                    .as("type of group %s", fields[0])
                    .isEqualTo(fields[2].substring(5) + "\n");
            assertThat(names(vfio, group + "/devices")).contains(fields[1]);
            assertThat(text(vfio, group + "/devices/" + fields[1] + "/class")).startsWith("0x");
        }
    }
}
