// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class MachineFileTest {
    private static final String UNIT = "\"iommus\": [{\"name\": \"u\", \"kind\": \"paging\"}],\n";

    @TempDir
    Path folder;

    private MachineDescription read(String json) throws IOException {
        var file = folder.resolve("x.json");
        Files.writeString(file, json);
        return MachineFile.read(file);
    }

    private static String functions(String functions) {
        return "{\"name\": \"m\",\n" + UNIT + "\"pci\": {\"iommu\": \"u\", \"functions\": [\n" + functions + "\n]}}";
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments("", "x.json:1:1: the file is empty"),
                arguments("{\"name\": \"m\",\n \"iommus\": [", "x.json:2:13: the file ends in the middle"),
                arguments("{\"name\": \"m\"} 7", "x.json:1:15: there is something after"),
                arguments("[1]", "x.json:1:1: a machine is described by an object, not by an array"),
                arguments("{\"name\": \"m\", nonsense}", "x.json:1:15: this is no JSON"),
                arguments("{}", "x.json:1:1: a machine needs the field \"name\""),
                arguments("{\"name\": 3}", "x.json:1:10: \"name\" takes a string, not a number"),
                arguments("{\"name\": \"\"}", "x.json:1:10: \"name\" takes a string that is not empty"),
                arguments("{\"name\": null}", "x.json:1:10: null has no meaning here"),
                arguments(
                        "{\"name\": \"m\", \"name\": \"n\"}", "x.json:1:15: field \"name\" is here already at line 1"),
                arguments(
                        "{\"name\": \"m\",\n\"pcie\": {}}",
                        "x.json:2:1: unknown field \"pcie\" in a machine; known: "
                                + "fslMc, iommus, mdev, models, name, pci"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"page\"}]}",
                        "\"kind\" takes one of paging, tce, not \"page\""),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\", \"addressWidth\": 64}]}",
                        "x.json:1:74: \"addressWidth\" has to be from 31 to 57, not 64"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\", \"pageSizes\": [\"5K\"]}]}",
                        "has to be a power of two, not 5120"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\", \"pageSizes\": [\"2M\"]}]}",
                        "\"pageSizes\" of a paging unit are"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"tce\", \"window32Size\": \"99999999T\"}]}",
                        "\"window32Size\" does not fit 64 bits"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\"},\n{\"name\": \"u\", \"kind\": \"tce\"}]}",
                        "x.json:2:10: IOMMU unit \"u\" is here already"),
                arguments(
                        "{\"name\": \"m\", \"iommus\": [{\"name\": \"u\", \"kind\": \"paging\",\n\"reserved\": [{\"start\": 9, \"last\": 8}]}]}",
                        "x.json:2:35: \"last\" is below \"start\""),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\",\n  \"grup\": 3}"),
                        "x.json:5:3: unknown field \"grup\" in a PCI function; known: "
                                + "acs, address, busReset, dmaMask, driver, group, iommu, model, reserved"),
                arguments(functions("{\"address\": \"00:5.0\", \"model\": \"edu\"}"), "\"00:5.0\" is no PCI address"),
                arguments(functions("{\"address\": \"00:05.0\", \"model\": \"nvme\"}"), "\"model\" takes one of edu, "),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\", \"iommu\": \"v\"}"),
                        "x.json:4:49: unknown IOMMU unit \"v\"; known: u"),
                arguments(
                        functions(
                                "{\"address\": \"00:05.0\", \"model\": \"edu\"},\n{\"address\": \"0000:00:05.0\", \"model\": \"edu\"}"),
                        "x.json:5:13: function 0000:00:05.0 is here already, at line 4"),
                arguments(functions("{\"address\": \"07:00.0\", \"model\": \"edu\"}"), "no bridge leads to bus 07 of"),
                arguments(
                        functions("{\"address\": \"00:01.0\", \"model\": \"bridge\", \"secondary\": 1},"
                                + "{\"address\": \"00:02.0\", \"model\": \"bridge\", \"secondary\": 1}"),
                        "both lead to bus 1"),
                arguments(
                        functions("{\"address\": \"00:01.0\", \"model\": \"bridge\", \"secondary\": 300}"),
                        "\"secondary\" has to be from 1 to 255, not 300"),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\", \"group\": -1}"),
                        "\"group\" cannot be negative: -1"),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\", \"group\": 99999999999999999999}"),
                        "the number does not fit 64 bits"),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\", \"group\": 1.5}"),
                        "only whole numbers have a meaning here"),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"edu\", \"iommu\": \"none\", \"group\": 1}"),
                        "a group needs an IOMMU unit"),
                arguments(
                        functions("{\"address\": \"00:05.0\", \"model\": \"dump\", \"config\": \"gone.txt\"}"),
                        "gone.txt: there is no such file"),
                arguments(
                        "{\"name\": \"m\", \"mdev\": {\"devices\": [{\"parent\": \"p\", \"type\": \"1\", \"uuid\": \"x\"}]}}",
                        "unknown mdev parent \"p\"; known: none"),
                arguments(
                        "{\"name\": \"m\", \"mdev\": {\"parents\": [{\"name\": \"p\"}], \"devices\": [{\"parent\": \"p\", \"type\": \"1\", \"uuid\": \"x\"}]}}",
                        "\"x\" is no UUID"),
                arguments(
                        "{\"name\": \"m\", \"mdev\": {\"parents\": [{\"name\": \"p\", \"ports\": 100000}]}}",
                        "\"ports\" has to be from 1 to 4096"),
                arguments(
                        "{\"name\": \"m\", \"fslMc\": {\"containers\": [{\"id\": 3, \"parent\": 2}]}}",
                        "container dprc.2 has to come before"),
                arguments(
                        "{\"name\": \"m\", \"fslMc\": {\"containers\": [{\"id\": 2, \"objects\": [{\"type\": \"dpfoo\", \"id\": 1}]}]}}",
                        "\"type\" takes one of dpni"),
                arguments(
                        "{\"name\": \"m\", \"models\": [{\"model\": \"x\", \"name\": \"x0\", \"properties\": {\"a\": []}}]}",
                        "property \"a\" takes a string, number or truth, not an array"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void shouldNamePlaceAndReasonOfMistake(String json, String sentence) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> read(json))
                .satisfies(e -> {
                    assertThat(e.getMessage())
                            .contains(sentence)
                            .startsWith(folder.toString())
                            .doesNotContain("\n");
                    assertThat(e.errno()).isIn(Errno.EINVAL, Errno.ENOENT);
                });
    }

    @Test
    void shouldAnswerMissingFileWithEnoent() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> MachineFile.read(folder.resolve("nowhere.json")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .withMessageContaining("nowhere.json: there is no such file");
    }

    @Test
    void shouldRefuseDocumentWithoutEnd() {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(() -> read("[".repeat(1000)))
                .withMessageContaining("too large or too deep");
    }

    /** Whatever a cut leaves, the answer is one sentence with the file's name, never another exception. */
    @Test
    void shouldAnswerEveryTruncationOfDefaultMachine() throws IOException {
        String whole = MachineSource.builtIn().text("default.json").strip();
        for (int length = 0; length < whole.length(); length += 7) {
            String cut = whole.substring(0, length);
            assertThatExceptionOfType(VfioException.class)
                    .as("first %d characters", length)
                    .isThrownBy(() -> read(cut))
                    .withMessageContaining("x.json:");
        }
    }

    @Test
    void shouldShipDefaultMachineAsFile() throws IOException {
        for (var name : new String[] {"default.json", "default-dump.txt"}) {
            assertThat(Path.of("../machines", name))
                    .as("the file people copy is the machine that is built in")
                    .hasBinaryContent(MachineSource.builtIn().text(name).getBytes(StandardCharsets.UTF_8));
        }
        var file = MachineFile.read(Path.of("../machines/default.json"));
        var builtIn = MachineFile.builtIn();
        assertThat(file.name()).isEqualTo(builtIn.name());
        assertThat(file.pci().functions()).hasSameSizeAs(builtIn.pci().functions());
        assertThat(file.mdev()).isEqualTo(builtIn.mdev());
    }

    @Test
    void shouldReadSizesHexAndProperties() throws IOException {
        var machine = read("""
                {"name": "m",
                 "iommus": [{"name": "t", "kind": "tce", "window32Size": "0x40000000", "pageSizes": [4096, "64K"], "levels": 3}],
                 "pci": {"functions": [{"address": "0001:00:05.0", "model": "edu", "dmaMask": "0xffffffff", "iommu": "t", "group": 9}]},
                 "models": [{"model": "toy", "name": "toy7", "properties": {"speed": 3, "loud": true, "colour": "red"}}]}
                """);
        assertThat(machine.iommus()).containsExactly(new IommuSpec.Tce("t", 1 << 30, 0x11000, 2, 3));
        var edu = machine.pci().functions().getFirst();
        assertThat(edu.address()).isEqualTo(new PciAddress(1, 0, 5, 0));
        assertThat(edu.model()).isEqualTo(new PciSpec.Edu(false, 0xffff_ffffL));
        assertThat(edu.placement().group()).hasValue(9);
        assertThat(machine.models().getFirst().properties())
                .containsOnly(
                        org.assertj.core.api.Assertions.entry("speed", "3"),
                        org.assertj.core.api.Assertions.entry("loud", "true"),
                        org.assertj.core.api.Assertions.entry("colour", "red"));
    }
}
